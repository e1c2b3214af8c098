# A shield keeps cancels out, not in: when the inner task is cancelled or fails, so is the await
import asyncio


async def inner(error=None):
    if error:
        raise ValueError(error)
    await asyncio.Event().wait()


async def main():
    task = asyncio.create_task(inner())
    asyncio.get_running_loop().call_soon(task.cancel)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        print("main: inner was cancelled; main is:", asyncio.current_task().cancelling() > 0)
    try:
        await asyncio.shield(inner("inner is bad"))
    except ValueError as e:
        print("main: error:", e)
    task = asyncio.create_task(inner("bad again"))
    await asyncio.wait([task])
    try:
        await asyncio.shield(task)
    except ValueError as e:
        print("main: error of a task that is done:", e)


asyncio.run(main())
