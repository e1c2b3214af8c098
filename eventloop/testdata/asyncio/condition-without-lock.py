# wait and notify without the lock are errors; a notify that nobody waits for is lost
import asyncio


async def waiter(condition):
    async with condition:
        print("waiter: waits")
        await condition.wait()
        print("waiter: was notified")


async def main():
    condition = asyncio.Condition()
    try:
        await condition.wait()
    except RuntimeError:
        print("wait without the lock")
    try:
        condition.notify()
    except RuntimeError:
        print("notify without the lock")
    async with condition:
        condition.notify_all()
    task = asyncio.create_task(waiter(condition))
    done, pending = await asyncio.wait([task], timeout=0.02)
    print("the early notify was lost:", len(pending) == 1)
    async with condition:
        condition.notify()
    await task


asyncio.run(main())
