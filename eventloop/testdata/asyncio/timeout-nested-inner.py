# An inner timeout that expires is an ordinary error for the outer one, which still guards what follows
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(60) as outer:
            try:
                async with asyncio.timeout(0.02) as inner:
                    await asyncio.sleep(60)
            except TimeoutError:
                print("inner timeout; expired: inner", inner.expired(), "outer", outer.expired())
            await asyncio.sleep(0)
            print("body: goes on")
            outer.reschedule(loop.time() + 0.02)
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                print("body: cancelled; outer expired:", outer.expired())
                raise
    except TimeoutError:
        print("outer timeout; cancelling:", asyncio.current_task().cancelling())


asyncio.run(main())
