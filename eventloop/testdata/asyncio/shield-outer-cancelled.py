# Cancelling a task that waits behind a shield does not reach the inner task, which goes on to its result
import asyncio


async def inner(gate):
    print("inner: begins")
    await gate.wait()
    print("inner: ends")
    return "inner's result"


async def outer(task):
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        print("outer: cancelled; inner is done:", task.done())
        raise


async def main():
    gate = asyncio.Event()
    a = asyncio.create_task(inner(gate))
    b = asyncio.create_task(outer(a))
    await asyncio.sleep(0)
    b.cancel()
    await asyncio.wait([b])
    print("outer cancelled:", b.cancelled(), "inner cancelling:", a.cancelling())
    gate.set()
    print("main:", await a)


asyncio.run(main())
