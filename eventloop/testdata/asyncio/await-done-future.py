# Awaiting a future or a task that is done does not suspend: nobody else gets a turn
import asyncio


async def other():
    print("other: runs")


async def quick():
    return "quick's result"


async def main():
    future = asyncio.get_running_loop().create_future()
    future.set_result("the future's result")
    done = asyncio.create_task(quick())
    await asyncio.sleep(0)
    task = asyncio.create_task(other())
    print("main:", await future)
    print("main:", await done)
    for _ in range(3):
        await future
    print("main: other is done:", task.done())
    await asyncio.sleep(0)
    print("main: other is done:", task.done())


asyncio.run(main())
