# An error raised in the cleanup replaces the CancelledError: the task has failed, it is not cancelled
import asyncio


async def work(fails):
    try:
        await asyncio.Event().wait()
    finally:
        print("work: cleanup")
        if fails:
            raise ValueError("cannot close")


async def main():
    for fails in (False, True):
        task = asyncio.create_task(work(fails))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            print("main: cancelled")
        except ValueError as e:
            print("main: error:", e)
        print("cancelled:", task.cancelled(), "cancelling:", task.cancelling())


asyncio.run(main())
