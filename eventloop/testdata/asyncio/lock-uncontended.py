# Taking a free lock does not wait: others get no turn, and a release wakes only the first of those that wait
import asyncio


async def worker(name, lock):
    print(name, "begins")
    async with lock:
        print(name, "has the lock")


async def main():
    lock = asyncio.Lock()
    tasks = [asyncio.create_task(worker(name, lock)) for name in "ab"]
    for n in range(2):
        async with lock:
            print("main has the lock", n)
    await lock.acquire()
    print("main waits with the lock")
    await asyncio.sleep(0)
    lock.release()
    await asyncio.sleep(0)
    print("a round later, done:", *[t.done() for t in tasks])
    await asyncio.wait(tasks)


asyncio.run(main())
