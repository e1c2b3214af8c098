# A timeout may be moved while its body runs: later, to never, and to a time that has passed
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    start = loop.time()
    async with asyncio.timeout_at(start + 0.02) as limit:
        limit.reschedule(start + 60)
        await asyncio.sleep(0.04)
        print("body 1: ends; expired:", limit.expired())
    async with asyncio.timeout(0.02) as limit:
        limit.reschedule(None)
        await asyncio.sleep(0.04)
        print("body 2: ends; expired:", limit.expired())
    try:
        async with asyncio.timeout(None) as limit:
            limit.reschedule(start)
            print("body 3: runs; expired:", limit.expired())
            await asyncio.sleep(0)
            print("not reached")
    except TimeoutError:
        print("body 3: timeout; expired:", limit.expired())


asyncio.run(main())
