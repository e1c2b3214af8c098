# When a child's cleanup fails, a cancelled gather raises that error and no CancelledError: the cancel is lost
import asyncio


async def child(name, error=None):
    try:
        await asyncio.Event().wait()
    finally:
        print(name, "closes")
        if error:
            raise ValueError(error)


async def parent():
    try:
        await asyncio.gather(child("a", "a cannot close"), child("b"))
    except ValueError as e:
        print("parent: error:", e, "cancelling:", asyncio.current_task().cancelling())
    await asyncio.sleep(0)
    return "parent went on"


async def main():
    task = asyncio.create_task(parent())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("cancel:", task.cancel())
    print("main:", await task)
    print("parent is cancelled:", task.cancelled())


asyncio.run(main())
