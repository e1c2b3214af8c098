# Cancelling a task that is in wait_for cancels what it waits for, and is a cancel, not a timeout
import asyncio


async def inner():
    try:
        await asyncio.Event().wait()
    finally:
        print("inner: cleanup begins")
        await asyncio.sleep(0.02)
        print("inner: cleanup ends")


async def outer(task):
    try:
        await asyncio.wait_for(task, 60)
    except TimeoutError:
        print("outer: timeout")
    except asyncio.CancelledError:
        print("outer: cancelled; inner is done:", task.done())
        raise


async def main():
    a = asyncio.create_task(inner())
    b = asyncio.create_task(outer(a))
    await asyncio.sleep(0)
    b.cancel()
    await asyncio.wait([b])
    print("cancelled: inner", a.cancelled(), "outer", b.cancelled())


asyncio.run(main())
