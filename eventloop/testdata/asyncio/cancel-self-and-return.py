# A task that cancels itself and returns without a wait is cancelled: its result is lost, but an error is not
import asyncio


async def returns():
    asyncio.current_task().cancel()
    print("returns a result")
    return "result"


async def raises():
    asyncio.current_task().cancel()
    print("raises an error")
    raise ValueError("bad")


async def main():
    for work in (returns, raises):
        task = asyncio.create_task(work())
        try:
            print("main:", await task)
        except asyncio.CancelledError:
            print("main: cancelled")
        except ValueError as e:
            print("main: error:", e)
        print("cancelled:", task.cancelled())


asyncio.run(main())
