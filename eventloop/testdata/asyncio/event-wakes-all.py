# set wakes all that wait, in the order they came; when it is set, wait does not wait
import asyncio


async def waiter(name, event):
    print(name, "waits")
    await event.wait()
    print(name, "goes on; set:", event.is_set())


async def main():
    event = asyncio.Event()
    a, b, c = [asyncio.create_task(waiter(name, event)) for name in "abc"]
    await asyncio.sleep(0)
    b.cancel()
    event.set()
    print("set")
    await event.wait()
    event.set()
    print("main did not wait; done: a", a.done(), "c", c.done())
    d = asyncio.create_task(waiter("d", event))
    await asyncio.wait([a, b, c, d])
    print("b is cancelled:", b.cancelled())


asyncio.run(main())
