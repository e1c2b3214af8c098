# gather runs an awaitable that is given twice once, and gives its result twice; an empty gather is an empty list at once
import asyncio


async def work(name):
    print(name, "runs")
    await asyncio.sleep(0)
    return name + "'s result"


async def other():
    print("other: runs")


async def main():
    a, b = work("a"), asyncio.create_task(work("b"))
    for result in await asyncio.gather(a, b, a, b):
        print("result:", result)
    task = asyncio.create_task(other())
    print("empty gather:", len(await asyncio.gather()))
    print("main did not wait; other is done:", task.done())
    await task


asyncio.run(main())
