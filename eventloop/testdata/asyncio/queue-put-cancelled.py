# A put that is cancelled leaves no item, and the place it had been given goes to the next that waits
import asyncio


async def producer(name, queue):
    try:
        await queue.put(name)
        print("put", name)
    except asyncio.CancelledError:
        print(name, "cancelled")
        raise


async def main():
    queue = asyncio.Queue(maxsize=1)
    queue.put_nowait("full")
    a, b, c, d = [asyncio.create_task(producer(name, queue)) for name in "abcd"]
    await asyncio.sleep(0)
    a.cancel()
    print("got", queue.get_nowait(), "and a is cancelled")
    await asyncio.wait([a, b])
    print("got", queue.get_nowait())
    c.cancel()
    print("c is cancelled after it was woken")
    await asyncio.wait([c, d])
    print("got", queue.get_nowait(), "and the queue is empty:", queue.empty())


asyncio.run(main())
