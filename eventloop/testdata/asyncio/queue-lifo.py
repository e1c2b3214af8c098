# A LifoQueue gives the newest item first, and a waiting task gets what is newest when it runs
import asyncio


async def consumer(queue, count):
    for _ in range(count):
        print("got", await queue.get())


async def main():
    queue = asyncio.LifoQueue(maxsize=3)
    task = asyncio.create_task(consumer(queue, 5))
    await asyncio.sleep(0)
    for n in range(3):
        await queue.put(n)
        print("put", n)
    for n in range(3, 5):
        await queue.put(n)
        print("put", n)
    await task


asyncio.run(main())
