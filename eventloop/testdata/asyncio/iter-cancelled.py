# A cancel while async for waits is raised inside the generator first, which cleans up, and then in its consumer
import asyncio


async def ticks(gate):
    try:
        yield "a tick"
        await gate.wait()
        yield "another tick"
    except asyncio.CancelledError:
        print("ticks: cancelled")
        await asyncio.sleep(0)
        print("ticks: cleanup ends")
        raise


async def consumer(gate):
    try:
        async for tick in ticks(gate):
            print("consumer has", tick)
    except asyncio.CancelledError:
        print("consumer: cancelled")
        raise


async def main():
    gate = asyncio.Event()
    task = asyncio.create_task(consumer(gate))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    print("cancelled:", task.cancelled())


asyncio.run(main())
