# A timeout around a group cancels all of its children, waits for their cleanup, and is one TimeoutError
import asyncio


async def child(name, rounds):
    try:
        await asyncio.Event().wait()
    finally:
        for _ in range(rounds):
            await asyncio.sleep(0)
        print(name, "closed")


async def main():
    try:
        async with asyncio.timeout(60) as limit:
            async with asyncio.TaskGroup() as group:
                a = group.create_task(child("a", 2))
                b = group.create_task(child("b", 0))
                await asyncio.sleep(0)
                limit.reschedule(asyncio.get_running_loop().time() + 0.02)
                print("body ends")
            print("not reached")
    except TimeoutError:
        print("main: timeout; expired:", limit.expired())
    print("cancelled: a", a.cancelled(), "b", b.cancelled())
    print("cancelling: a", a.cancelling(), "main", asyncio.current_task().cancelling())


asyncio.run(main())
