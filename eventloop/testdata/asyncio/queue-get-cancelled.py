# A get that is cancelled loses no item, not even when the item was on its way to it
import asyncio


async def consumer(name, queue):
    try:
        print(name, "got", await queue.get())
    except asyncio.CancelledError:
        print(name, "cancelled")
        raise


async def main():
    queue = asyncio.Queue()
    a, b, c, d = [asyncio.create_task(consumer(name, queue)) for name in "abcd"]
    await asyncio.sleep(0)
    a.cancel()
    await queue.put("first")
    print("put first; a was cancelled before")
    await asyncio.wait([a, b])
    await queue.put("second")
    c.cancel()
    print("put second; c is cancelled after it was woken")
    await asyncio.wait([c, d])
    print("size", queue.qsize())


asyncio.run(main())
