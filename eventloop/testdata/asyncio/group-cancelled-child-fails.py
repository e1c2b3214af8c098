# A child that fails while its group is cancelled from outside makes the group raise its errors, not CancelledError
import asyncio


async def child(name, rounds, error=None):
    try:
        await asyncio.Event().wait()
    finally:
        for _ in range(rounds):
            await asyncio.sleep(0)
        print(name, "closes")
        if error:
            raise ValueError(error)


async def parent():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child("a", 3))
            group.create_task(child("b", 1, "b cannot close"))
    except* ValueError as errors:
        print("parent: errors:", *errors.exceptions)
    print("parent: cancelling:", asyncio.current_task().cancelling())


async def main():
    task = asyncio.create_task(parent())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    print("main ends")


asyncio.run(main())
