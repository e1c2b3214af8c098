# A timeout of zero does not stop a body that never waits, and ends one that does at its first wait
import asyncio


async def no_wait(n):
    print("body", n, "runs")


async def main():
    done = asyncio.get_running_loop().create_future()
    done.set_result("a result that is there")
    async with asyncio.timeout(0) as limit:
        await no_wait(1)
        print("body 1: got", await done)
    print("body 1 expired:", limit.expired())
    try:
        async with asyncio.timeout(0) as limit:
            await no_wait(2)
            await asyncio.sleep(0)
            print("body 2: not reached")
    except TimeoutError:
        print("body 2: timeout")
    await asyncio.sleep(0)
    print("main goes on")


asyncio.run(main())
