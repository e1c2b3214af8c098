# A cancel from outside is no timeout: it passes through as CancelledError, and the timeout is disarmed
import asyncio


async def work():
    try:
        async with asyncio.timeout(0.1) as limit:
            await asyncio.sleep(60)
    except TimeoutError:
        print("work: timeout")
    except asyncio.CancelledError:
        print("work: cancelled; expired:", limit.expired())
        await asyncio.sleep(0.12)
        print("work: cleanup ends; cancelling:", asyncio.current_task().cancelling())
        raise


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    print("cancelled:", task.cancelled())


asyncio.run(main())
