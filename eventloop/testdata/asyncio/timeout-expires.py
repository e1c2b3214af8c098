# A timeout cancels its body, lets the cleanup end, and only then turns the cancel into a TimeoutError
import asyncio


async def body():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("body: cancelled")
        raise
    finally:
        await asyncio.sleep(0.02)
        print("body: cleanup ends")


async def main():
    try:
        async with asyncio.timeout(0.02) as limit:
            print("expired:", limit.expired())
            await body()
            print("not reached")
    except TimeoutError:
        print("timeout; expired:", limit.expired())
    print("cancelling:", asyncio.current_task().cancelling())
    await asyncio.sleep(0)
    print("main goes on")


asyncio.run(main())
