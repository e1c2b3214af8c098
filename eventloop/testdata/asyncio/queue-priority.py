# A PriorityQueue gives the least item first, and a task that waits gets what is least when it runs
import asyncio


async def consumer(queue, count):
    for _ in range(count):
        priority, what = await queue.get()
        print("got", priority, what)
        if priority == 2:
            queue.put_nowait((1, "urgent, added later"))


async def main():
    queue = asyncio.PriorityQueue()
    task = asyncio.create_task(consumer(queue, 6))
    await asyncio.sleep(0)
    for item in [(5, "low"), (2, "high"), (9, "lowest"), (3, "normal")]:
        queue.put_nowait(item)
        print("put", *item)
    await asyncio.sleep(0)
    print("size", queue.qsize(), "done:", task.done())
    await queue.put((4, "into the empty queue"))
    await task


asyncio.run(main())
