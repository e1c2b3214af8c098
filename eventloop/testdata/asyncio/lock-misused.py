# Releasing a lock that is free is an error; async with releases it after an error and after a cancel
import asyncio


async def worker(name, lock, error=None):
    async with lock:
        print(name, "has the lock")
        if error:
            raise ValueError(error)
        await asyncio.Event().wait()


async def main():
    lock = asyncio.Lock()
    try:
        lock.release()
    except RuntimeError:
        print("a free lock cannot be released")
    a = asyncio.create_task(worker("a", lock, "a is bad"))
    b = asyncio.create_task(worker("b", lock))
    c = asyncio.create_task(worker("c", lock))
    await asyncio.wait([a])
    print("error:", a.exception(), "locked:", lock.locked())
    await asyncio.sleep(0)
    b.cancel()
    await asyncio.wait([b])
    await asyncio.sleep(0)
    c.cancel()
    await asyncio.wait([c])
    print("locked:", lock.locked())


asyncio.run(main())
