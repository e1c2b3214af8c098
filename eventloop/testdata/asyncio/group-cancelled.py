# Cancelling a task that waits in a group cancels the children, waits for them, and stays a cancel, no group of errors
import asyncio


async def child(name, rounds):
    try:
        await asyncio.Event().wait()
    finally:
        for _ in range(rounds):
            await asyncio.sleep(0)
        print(name, "closed")


async def parent():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child("a", 3))
            group.create_task(child("b", 1))
            print("parent: body ends")
    except asyncio.CancelledError:
        print("parent: cancelled")
        raise
    finally:
        print("parent: group is over")


async def main():
    task = asyncio.create_task(parent())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("cancel:", task.cancel())
    await asyncio.wait([task])
    print("parent is cancelled:", task.cancelled())


asyncio.run(main())
