# A bounded semaphore refuses a release too many; a plain one grows by it
import asyncio


async def worker(name, semaphore):
    async with semaphore:
        print(name, "is in")
        await asyncio.sleep(0)
    print(name, "is out")


async def main():
    for make in (asyncio.BoundedSemaphore, asyncio.Semaphore):
        semaphore = make(1)
        await semaphore.acquire()
        semaphore.release()
        try:
            semaphore.release()
            print("released once too often: it grows")
        except ValueError:
            print("released once too often: refused")
        async with asyncio.TaskGroup() as group:
            for name in "ab":
                group.create_task(worker(name, semaphore))


asyncio.run(main())
