# A lock that is released is free until the task it wakes has run, but no other can take it before that task
import asyncio


async def worker(name, lock):
    print(name, "wants the lock")
    async with lock:
        print(name, "has the lock")


async def main():
    lock = asyncio.Lock()
    await lock.acquire()
    a = asyncio.create_task(worker("a", lock))
    await asyncio.sleep(0)
    b = asyncio.create_task(worker("b", lock))
    lock.release()
    print("released; locked:", lock.locked())
    await lock.acquire()
    print("main has the lock again; done: a", a.done(), "b", b.done())
    lock.release()
    await asyncio.wait([a, b])


asyncio.run(main())
