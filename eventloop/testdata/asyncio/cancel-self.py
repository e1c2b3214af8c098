# A task that cancels itself runs on until its next wait, and an await that need not wait is none
import asyncio


async def no_wait():
    print("no_wait: runs")


async def work():
    task = asyncio.current_task()
    print("work: cancel:", task.cancel(), "cancelling:", task.cancelling())
    await no_wait()
    future = asyncio.get_running_loop().create_future()
    future.set_result("a result that is there")
    print("work: got", await future)
    try:
        await asyncio.sleep(0)
        print("work: not cancelled")
    except asyncio.CancelledError:
        print("work: cancelled at its first real wait")
        raise


async def main():
    task = asyncio.create_task(work())
    await asyncio.wait([task])
    print("cancelled:", task.cancelled())


asyncio.run(main())
