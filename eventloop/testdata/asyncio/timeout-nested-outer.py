# When the outer timeout expires, the inner one sees a cancel that is not its own and lets it pass
import asyncio


async def main():
    try:
        async with asyncio.timeout(0.02) as outer:
            try:
                async with asyncio.timeout(60) as inner:
                    await asyncio.sleep(60)
            except TimeoutError:
                print("inner: timeout")
            except asyncio.CancelledError:
                print("inner: cancelled; expired: inner", inner.expired(), "outer", outer.expired())
                raise
            print("not reached")
    except TimeoutError:
        print("outer: timeout; expired: inner", inner.expired(), "outer", outer.expired())
    print("cancelling:", asyncio.current_task().cancelling())


asyncio.run(main())
