# A task that is cancelled before its first step never runs, not even its finally
import asyncio


async def work():
    try:
        print("work runs")
    finally:
        print("work: cleanup")


async def main():
    task = asyncio.create_task(work())
    task.add_done_callback(lambda t: print("callback: cancelled:", t.cancelled()))
    print("cancel:", task.cancel())
    print("done:", task.done(), "cancelled:", task.cancelled())
    try:
        await task
    except asyncio.CancelledError:
        print("main: the task was cancelled")
    print("done:", task.done(), "cancelled:", task.cancelled())


asyncio.run(main())
