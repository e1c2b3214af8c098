# Cancelling a task that is in wait leaves the tasks it waits for running, unlike one that is in gather
import asyncio


async def work(name):
    try:
        await asyncio.sleep(0.02)
        print(name, "ends")
    except asyncio.CancelledError:
        print(name, "cancelled")
        raise


async def waiter(how, tasks):
    try:
        await how(tasks)
    except asyncio.CancelledError:
        print("waiter: cancelled")


async def main():
    for how in (asyncio.wait, lambda tasks: asyncio.gather(*tasks)):
        tasks = [asyncio.create_task(work(name)) for name in "ab"]
        task = asyncio.create_task(waiter(how, tasks))
        await asyncio.sleep(0)
        task.cancel()
        await task
        await asyncio.wait(tasks)
        print("cancelled:", *[t.cancelled() for t in tasks])


asyncio.run(main())
