# A semaphore lets in as many as it counts, and those that wait in the order they came, before newcomers
import asyncio


async def worker(name, semaphore):
    async with semaphore:
        print(name, "is in")
        await asyncio.sleep(0)
        print(name, "leaves")


async def main():
    semaphore = asyncio.Semaphore(2)
    tasks = [asyncio.create_task(worker(name, semaphore)) for name in "abcd"]
    await asyncio.sleep(0)
    print("locked:", semaphore.locked())
    await asyncio.sleep(0)
    print("a and b have left; locked:", semaphore.locked())
    async with semaphore:
        print("main is in; done:", *[t.done() for t in tasks])
    await asyncio.wait(tasks)
    print("locked:", semaphore.locked())


asyncio.run(main())
