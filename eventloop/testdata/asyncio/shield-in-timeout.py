# A shield inside a timeout: the wait ends, the work does not, and its error is there for who asks later
import asyncio


async def save(gate):
    try:
        await gate.wait()
        print("save: fails")
        raise ValueError("disk is full")
    except asyncio.CancelledError:
        print("save: cancelled")
        raise


async def main():
    gate = asyncio.Event()
    task = asyncio.create_task(save(gate))
    try:
        async with asyncio.timeout(0.02):
            await asyncio.shield(task)
    except TimeoutError:
        print("main: timeout; save is done:", task.done())
    gate.set()
    try:
        await asyncio.wait_for(asyncio.shield(task), 60)
    except ValueError as e:
        print("main: error:", e)
    print("save is cancelled:", task.cancelled())


asyncio.run(main())
