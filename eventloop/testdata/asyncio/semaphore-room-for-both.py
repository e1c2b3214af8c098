# A task that comes while a woken one has not yet run waits behind it, even if the semaphore has room for both
import asyncio


async def worker(name, semaphore):
    async with semaphore:
        print(name, "is in")


async def main():
    semaphore = asyncio.Semaphore(0)
    a = asyncio.create_task(worker("a", semaphore))
    await asyncio.sleep(0)
    b = asyncio.create_task(worker("b", semaphore))
    for _ in range(3):
        semaphore.release()
    print("three places, and one that waits; locked:", semaphore.locked())
    async with semaphore:
        print("main is in; done: a", a.done(), "b", b.done())
    await asyncio.wait([a, b])
    print("locked:", semaphore.locked())


asyncio.run(main())
