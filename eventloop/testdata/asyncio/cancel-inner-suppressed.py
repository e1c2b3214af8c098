# If the task it waits for ignores the cancel, a cancelled task gets the result and goes on: the cancel is used up
import asyncio


async def inner():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("inner: ignores the cancel")
    return "inner's result"


async def outer():
    print("outer: got", await asyncio.create_task(inner()))
    await asyncio.sleep(0)
    print("outer: goes on, cancelling:", asyncio.current_task().cancelling())


async def main():
    task = asyncio.create_task(outer())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("cancel:", task.cancel())
    await task
    print("outer cancelled:", task.cancelled())


asyncio.run(main())
