# Two cancels before the task has run again are one CancelledError, though both are counted
import asyncio


async def work():
    for n in range(2):
        try:
            print("work: waits", n)
            await asyncio.sleep(0.02)
            print("work: slept", n)
        except asyncio.CancelledError:
            print("work: cancelled, cancelling:", asyncio.current_task().cancelling())
    return "work's result"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    print("cancel:", task.cancel())
    print("cancel:", task.cancel())
    print("main:", await task)


asyncio.run(main())
