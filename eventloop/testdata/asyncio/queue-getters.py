# Tasks that wait for an empty queue get its items in the order they came, one item each
import asyncio


async def consumer(name, queue):
    for _ in range(2):
        print(name, "waits")
        print(name, "got", await queue.get())


async def main():
    queue = asyncio.Queue()
    consumers = [asyncio.create_task(consumer(name, queue)) for name in "abc"]
    await asyncio.sleep(0)
    for n in range(4):
        queue.put_nowait(n)
    print("put 4 items, size", queue.qsize())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("two rounds later, size", queue.qsize())
    for n in range(4, 6):
        await queue.put(n)
    await asyncio.wait(consumers)
    print("size", queue.qsize())


asyncio.run(main())
