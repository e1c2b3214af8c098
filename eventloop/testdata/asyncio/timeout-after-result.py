# A result that comes in the same round as the timeout, but before it, is lost: the task had not run yet
import asyncio


async def wait(future, limit):
    loop = asyncio.get_running_loop()

    def result():
        future.set_result("a result")
        print("the result is there")

    loop.call_soon(result)
    limit.reschedule(loop.time())
    loop.call_soon(print, "a callback behind the timeout")
    print("main: got", await future)


async def main():
    future = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.timeout(60) as limit:
            await wait(future, limit)
    except TimeoutError:
        print("main: timeout; the future has", future.result())


asyncio.run(main())
