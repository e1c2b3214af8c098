# A lock goes to those that wait in the order they came, also when its owner wants it back at once
import asyncio


async def worker(name, lock):
    for n in range(2):
        async with lock:
            print(name, "has the lock", n)
            await asyncio.sleep(0)
        print(name, "released", n)


async def main():
    lock = asyncio.Lock()
    print("locked:", lock.locked())
    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(worker(name, lock))
        await asyncio.sleep(0)
        print("locked:", lock.locked())
    print("locked:", lock.locked())


asyncio.run(main())
