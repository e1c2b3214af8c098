# get_nowait and put_nowait fail instead of waiting, and get_nowait takes an item that a waiting task was woken for
import asyncio


async def consumer(name, queue):
    print(name, "got", await queue.get())


async def main():
    queue = asyncio.Queue(maxsize=1)
    try:
        queue.get_nowait()
    except asyncio.QueueEmpty:
        print("empty")
    a = asyncio.create_task(consumer("a", queue))
    await asyncio.sleep(0)
    queue.put_nowait(1)
    try:
        queue.put_nowait(2)
    except asyncio.QueueFull:
        print("full")
    print("main got", queue.get_nowait(), "before a could run")
    b = asyncio.create_task(consumer("b", queue))
    await asyncio.sleep(0)
    print("done: a", a.done(), "b", b.done())
    for n in (3, 4):
        await queue.put(n)
    await asyncio.wait([a, b])


asyncio.run(main())
