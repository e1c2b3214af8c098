# Awaiting a coroutine is a call: it begins at once, in the same task, and only a real wait inside it suspends
import asyncio


async def leaf(n):
    print("leaf", n, "in", asyncio.current_task().get_name())
    if n == 2:
        await asyncio.sleep(0)
        print("leaf 2 is resumed")
    return n


async def branch():
    total = 0
    for n in range(4):
        total += await leaf(n)
    return total


async def other():
    print("other: runs in", asyncio.current_task().get_name())


async def main():
    asyncio.current_task().set_name("main")
    task = asyncio.create_task(other(), name="other")
    coroutine = branch()
    print("a coroutine is made, nothing of it has run")
    print("total", await coroutine, "other is done:", task.done())


asyncio.run(main())
