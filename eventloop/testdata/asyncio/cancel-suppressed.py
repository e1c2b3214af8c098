# A task may catch its CancelledError and go on: it is then not cancelled and has a result
import asyncio


async def stubborn(event):
    for attempt in range(3):
        try:
            await event.wait()
            print("stubborn: the event is set")
            break
        except asyncio.CancelledError:
            print("stubborn: ignores cancel", attempt)
    return "a result"


async def main():
    event = asyncio.Event()
    task = asyncio.create_task(stubborn(event))
    await asyncio.sleep(0)
    for _ in range(2):
        print("cancel:", task.cancel())
        await asyncio.sleep(0)
    event.set()
    print("main:", await task)
    print("cancelled:", task.cancelled(), "cancelling:", task.cancelling())


asyncio.run(main())
