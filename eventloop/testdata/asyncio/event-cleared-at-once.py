# A clear right after set does not hold back those that waited: they run, and find the event clear
import asyncio


async def waiter(name, event):
    await event.wait()
    print(name, "was woken; set:", event.is_set())
    await event.wait()
    print(name, "was woken again; set:", event.is_set())


async def main():
    event = asyncio.Event()
    tasks = [asyncio.create_task(waiter(name, event)) for name in "ab"]
    await asyncio.sleep(0)
    event.set()
    event.clear()
    print("set and cleared")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("done:", *[t.done() for t in tasks])
    event.set()
    await asyncio.wait(tasks)


asyncio.run(main())
