# Cancelling a task raises CancelledError in those that wait for it too, and cancelling() tells them apart
import asyncio


async def inner():
    await asyncio.Event().wait()


async def outer(name, task):
    try:
        await task
    except asyncio.CancelledError:
        if asyncio.current_task().cancelling():
            print(name, "I am cancelled")
            raise
        print(name, "only the other one is cancelled")
        return "goes on"


async def main():
    a, b = asyncio.create_task(inner()), asyncio.create_task(inner())
    first = asyncio.create_task(outer("first", a))
    second = asyncio.create_task(outer("second", b))
    await asyncio.sleep(0)
    a.cancel()
    second.cancel()
    await asyncio.wait([first, second])
    print("first cancelled:", first.cancelled(), "result:", first.result())
    print("second cancelled:", second.cancelled(), "b cancelled:", b.cancelled())


asyncio.run(main())
