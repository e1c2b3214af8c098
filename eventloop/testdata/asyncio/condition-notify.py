# notify(n) wakes the n that have waited longest; they go on one by one as each takes the lock
import asyncio


async def waiter(name, condition):
    async with condition:
        await condition.wait()
        print(name, "has the lock")
        await asyncio.sleep(0)
        print(name, "gives it back")


async def main():
    condition = asyncio.Condition()
    tasks = [asyncio.create_task(waiter(n, condition)) for n in "abcde"]
    await asyncio.sleep(0)
    async with condition:
        condition.notify(2)
        print("notified 2, locked:", condition.locked())
        await asyncio.sleep(0)
        print("main still has the lock")
    await asyncio.wait(tasks[:2])
    print("done:", *[t.done() for t in tasks])
    async with condition:
        condition.notify()
        condition.notify_all()
    await asyncio.wait(tasks)
    print("locked:", condition.locked())


asyncio.run(main())
