# A child of gather that is cancelled ends the gather with CancelledError; its siblings go on, the caller is not cancelled
import asyncio


async def child(name, event):
    await event.wait()
    print(name, "ends")
    return name


async def main():
    event = asyncio.Event()
    children = [asyncio.create_task(child(name, event)) for name in "abc"]
    asyncio.get_running_loop().call_soon(children[1].cancel)
    try:
        await asyncio.gather(*children)
    except asyncio.CancelledError:
        print("main: a child was cancelled")
    print("main is cancelled:", asyncio.current_task().cancelling() > 0)
    print("cancelled:", *[c.cancelled() for c in children])
    print("done:", *[c.done() for c in children])
    event.set()
    print("main: last is", await children[2])


asyncio.run(main())
