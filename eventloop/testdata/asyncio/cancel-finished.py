# cancel() of a task that is done returns False and changes nothing, whether it ended well, with an error or cancelled
import asyncio


async def well():
    return "a result"


async def badly():
    raise ValueError("bad")


async def forever():
    await asyncio.Event().wait()


async def main():
    tasks = [asyncio.create_task(c) for c in (well(), badly(), forever())]
    await asyncio.sleep(0)
    print("cancel:", *[task.cancel() for task in tasks])
    await asyncio.sleep(0)
    print("cancel again:", *[task.cancel() for task in tasks])
    print("result:", tasks[0].result())
    print("exception:", tasks[1].exception())
    print("cancelled:", *[task.cancelled() for task in tasks])
    print("cancelling:", *[task.cancelling() for task in tasks])


asyncio.run(main())
