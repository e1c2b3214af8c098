# Cancelling a future raises CancelledError in every task that waits for it, though nobody cancelled those tasks
import asyncio


async def careful(future):
    try:
        await future
    except asyncio.CancelledError:
        print("careful: cancelled; goes on, cancelling:", asyncio.current_task().cancelling())
    return "careful's result"


async def careless(future):
    try:
        await future
    finally:
        print("careless: cleanup")


async def main():
    future = asyncio.get_running_loop().create_future()
    a = asyncio.create_task(careful(future))
    b = asyncio.create_task(careless(future))
    await asyncio.sleep(0)
    print("cancel:", future.cancel())
    await asyncio.wait([a, b])
    print("careful cancelled:", a.cancelled(), "result:", a.result())
    print("careless cancelled:", b.cancelled())


asyncio.run(main())
