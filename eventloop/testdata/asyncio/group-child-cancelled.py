# A child that is cancelled alone is no error for its group: the others go on
import asyncio


async def child(name, event):
    try:
        await event.wait()
        print(name, "ends")
    except asyncio.CancelledError:
        print(name, "cancelled")
        raise


async def main():
    event = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        children = [group.create_task(child(name, event)) for name in "abc"]
        await asyncio.sleep(0)
        children[1].cancel()
        await asyncio.sleep(0)
        print("body: goes on; done:", *[c.done() for c in children])
        event.set()
    print("main: group is over; cancelled:", *[c.cancelled() for c in children])


asyncio.run(main())
