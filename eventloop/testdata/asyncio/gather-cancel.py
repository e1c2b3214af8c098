# A cancel of gather reaches all children, but it waits for the cleanup of all only with return_exceptions
import asyncio


async def child(name, turns):
    try:
        await asyncio.Event().wait()
    finally:
        for _ in range(turns):
            await asyncio.sleep(0)
        print(name, "closed")


async def parent(wait_all):
    children = [asyncio.create_task(child(n, t)) for n, t in [("a", 4), ("b", 0), ("c", 2)]]
    try:
        await asyncio.gather(*children, return_exceptions=wait_all)
    except asyncio.CancelledError:
        print("parent: cancelled; children done:", *[c.done() for c in children])
        raise
    finally:
        await asyncio.wait(children)


async def main():
    for wait_all in (False, True):
        task = asyncio.create_task(parent(wait_all))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        print("cancel; return_exceptions:", wait_all)
        task.cancel()
        await asyncio.wait([task])
        print("parent is cancelled:", task.cancelled())


asyncio.run(main())
