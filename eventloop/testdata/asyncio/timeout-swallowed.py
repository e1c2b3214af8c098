# A body that catches the timeout's cancel and ends well gets no TimeoutError, though the timeout has expired
import asyncio


async def main():
    async with asyncio.timeout(0.02) as limit:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            print("body: ignores the cancel; expired:", limit.expired())
        await asyncio.sleep(0)
        print("body: goes on, cancelling:", asyncio.current_task().cancelling())
    print("no timeout; expired:", limit.expired())
    print("cancelling:", asyncio.current_task().cancelling())
    try:
        async with asyncio.timeout(0.02) as limit:
            try:
                await asyncio.sleep(60)
            finally:
                raise ValueError("cleanup is bad")
    except TimeoutError:
        print("timeout")
    except ValueError as e:
        print("error:", e, "expired:", limit.expired())


asyncio.run(main())
