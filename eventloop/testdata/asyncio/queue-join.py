# join waits until task_done was called for every item, not until the queue is empty
import asyncio


async def worker(name, queue):
    while True:
        item = await queue.get()
        print(name, "works on", item)
        await asyncio.sleep(0)
        if item == 1:
            queue.put_nowait(9)
        queue.task_done()


async def main():
    queue = asyncio.Queue()
    await queue.join()
    print("join of a new queue does not wait")
    for n in range(3):
        queue.put_nowait(n)
    workers = [asyncio.create_task(worker(name, queue)) for name in "ab"]
    await queue.join()
    print("all is done, the workers wait:", *[not w.done() for w in workers])
    try:
        queue.task_done()
    except ValueError:
        print("task_done was called too often")
    for task in workers:
        task.cancel()
    await asyncio.wait(workers)
    print("workers cancelled:", *[w.cancelled() for w in workers])


asyncio.run(main())
