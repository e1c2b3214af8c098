# A task that never really waits starves the others: a put into a queue with room is no wait, sleep(0) is one
import asyncio


async def consumer(queue):
    while (item := await queue.get()) is not None:
        print("consumed", item)


async def main():
    queue = asyncio.Queue()
    task = asyncio.create_task(consumer(queue))
    await asyncio.sleep(0)
    print("greedy:")
    for n in range(3):
        await queue.put(n)
        print("put", n)
    print("polite:")
    for n in range(3, 6):
        await queue.put(n)
        print("put", n)
        await asyncio.sleep(0)
    await queue.put(None)
    await task


asyncio.run(main())
