# wait_for gives the result of a task that ignores the timeout's cancel, and the error of one whose cleanup fails
import asyncio


async def work(fails):
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("work: cancelled")
    if fails:
        raise ValueError("cleanup is bad")
    return "a late result"


async def main():
    for fails in (False, True):
        task = asyncio.create_task(work(fails))
        try:
            print("main: result:", await asyncio.wait_for(task, 0.02))
        except TimeoutError:
            print("main: timeout")
        except ValueError as e:
            print("main: error:", e)
        print("cancelled:", task.cancelled(), "cancelling:", task.cancelling())


asyncio.run(main())
