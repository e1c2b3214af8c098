# A cancelled task does not get the lock, not even when it was woken for it: the next gets it
import asyncio


async def worker(name, lock):
    try:
        async with lock:
            print(name, "has the lock")
    except asyncio.CancelledError:
        print(name, "cancelled")
        raise


async def main():
    lock = asyncio.Lock()
    await lock.acquire()
    tasks = [asyncio.create_task(worker(name, lock)) for name in "abcd"]
    await asyncio.sleep(0)
    tasks[0].cancel()
    print("a is cancelled while it waits")
    await asyncio.sleep(0)
    lock.release()
    tasks[1].cancel()
    print("b is cancelled when it has been woken")
    await asyncio.wait(tasks)
    print("locked:", lock.locked())


asyncio.run(main())
