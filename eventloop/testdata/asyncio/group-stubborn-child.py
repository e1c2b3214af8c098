# A group waits for a child that ignores the cancel, and the result of that child is there
import asyncio


async def fails():
    raise ValueError("bad")


async def stubborn(event):
    try:
        await event.wait()
    except asyncio.CancelledError:
        print("stubborn: ignores the cancel")
        asyncio.get_running_loop().call_later(0.02, event.set)
    await event.wait()
    print("stubborn: ends")
    return "stubborn's result"


async def main():
    event = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stubborn(event))
            group.create_task(fails())
    except* ValueError as errors:
        print("main: errors:", *errors.exceptions)
    print("main:", task.result(), "cancelled:", task.cancelled())


asyncio.run(main())
