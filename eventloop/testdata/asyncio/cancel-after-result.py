# When the awaited future has its result but the task has not yet run, cancel still wins: the result is lost to the task
import asyncio


async def waiter(name, future):
    try:
        print(name, "got", await future)
    except asyncio.CancelledError:
        print(name, "cancelled; the future has", future.result())
        raise


async def main():
    future = asyncio.get_running_loop().create_future()
    a = asyncio.create_task(waiter("a", future))
    b = asyncio.create_task(waiter("b", future))
    await asyncio.sleep(0)
    future.set_result("the result")
    print("cancel a:", a.cancel())
    await asyncio.sleep(0)
    print("a cancelled:", a.cancelled(), "b cancelled:", b.cancelled())


asyncio.run(main())
