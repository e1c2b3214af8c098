# A cancel from outside while a timed-out body cleans up wins: it is a cancel, not a timeout
import asyncio


async def work(cleaning):
    try:
        async with asyncio.timeout(0.02) as limit:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                print("work: the timeout's cancel; expired:", limit.expired())
                cleaning.set()
                await asyncio.sleep(60)
    except TimeoutError:
        print("work: timeout")
    except asyncio.CancelledError:
        print("work: cancelled, expired:", limit.expired())
        print("work: cancelling:", asyncio.current_task().cancelling())
        raise


async def main():
    cleaning = asyncio.Event()
    task = asyncio.create_task(work(cleaning))
    await cleaning.wait()
    print("main: cancels")
    task.cancel()
    await asyncio.wait([task])
    print("cancelled:", task.cancelled())


asyncio.run(main())
