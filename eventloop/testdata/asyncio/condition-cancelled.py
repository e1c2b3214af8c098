# A wait on a condition that is cancelled takes the lock again before CancelledError comes out
import asyncio


async def waiter(condition):
    async with condition:
        try:
            await condition.wait()
        except asyncio.CancelledError:
            print("waiter: cancelled, with the lock:", condition.locked())
            raise
    print("not reached")


async def main():
    condition = asyncio.Condition()
    task = asyncio.create_task(waiter(condition))
    await asyncio.sleep(0)
    async with condition:
        task.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        print("main has the lock; waiter is done:", task.done())
    print("main released the lock")
    await asyncio.wait([task])
    print("cancelled:", task.cancelled(), "locked:", condition.locked())


asyncio.run(main())
