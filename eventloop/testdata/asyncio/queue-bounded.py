# A full queue makes put wait, and those that wait put their items in the order they came
import asyncio


async def producer(name, queue):
    for n in range(2):
        await queue.put(f"{name}{n}")
        print("put", f"{name}{n}", "size", queue.qsize())


async def main():
    queue = asyncio.Queue(maxsize=2)
    producers = [asyncio.create_task(producer(name, queue)) for name in "abc"]
    await asyncio.sleep(0)
    print("full:", queue.full(), "done:", *[p.done() for p in producers])
    for _ in range(6):
        print("got", await queue.get())
        await asyncio.sleep(0)
    print("empty:", queue.empty(), "done:", *[p.done() for p in producers])


asyncio.run(main())
