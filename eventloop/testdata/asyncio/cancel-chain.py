# cancel() of a task that waits for another task cancels the innermost first; the error travels outwards
import asyncio


async def inner(future):
    try:
        await future
    finally:
        print("inner: cleanup; the future is cancelled:", future.cancelled())
        await asyncio.sleep(0)
        print("inner ends")


async def outer(task):
    try:
        await task
    except asyncio.CancelledError:
        print("outer: inner is cancelled:", task.cancelled())
        raise


async def main():
    future = asyncio.get_running_loop().create_future()
    a = asyncio.create_task(inner(future))
    b = asyncio.create_task(outer(a))
    await asyncio.sleep(0)
    b.cancel()
    print("cancelling: outer", b.cancelling(), "inner", a.cancelling())
    try:
        await b
    except asyncio.CancelledError:
        print("main: outer is cancelled:", b.cancelled())


asyncio.run(main())
