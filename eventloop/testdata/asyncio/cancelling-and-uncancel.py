# cancelling() counts the requests to cancel; uncancel() takes one back, and never goes below zero
import asyncio


async def work():
    task = asyncio.current_task()
    for _ in range(2):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("work: cancelled, cancelling:", task.cancelling())
    print("work: uncancel:", task.uncancel())
    print("work: uncancel:", task.uncancel())
    print("work: uncancel:", task.uncancel())
    await asyncio.sleep(0)
    return "work's result"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    print("cancelling:", task.cancelling())
    task.cancel()
    print("cancelling:", task.cancelling())
    await asyncio.sleep(0)
    task.cancel()
    print("main:", await task)
    print("cancelling:", task.cancelling(), "cancelled:", task.cancelled())


asyncio.run(main())
