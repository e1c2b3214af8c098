# A task that is cancelled after a semaphore has woken it passes the place on to the next
import asyncio


async def worker(name, semaphore):
    try:
        async with semaphore:
            print(name, "is in")
    except asyncio.CancelledError:
        print(name, "cancelled")
        raise


async def main():
    semaphore = asyncio.Semaphore(1)
    await semaphore.acquire()
    tasks = [asyncio.create_task(worker(name, semaphore)) for name in "abcd"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    print("b is cancelled while it waits")
    semaphore.release()
    tasks[0].cancel()
    print("a is cancelled when it has been woken")
    await asyncio.wait(tasks)
    print("locked:", semaphore.locked())


asyncio.run(main())
