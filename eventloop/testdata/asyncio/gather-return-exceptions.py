# With return_exceptions, gather waits for all, and errors and cancelled tasks are results like others
import asyncio


async def work(n):
    await asyncio.sleep(0)
    if n == 1:
        raise ValueError("1 is bad")
    if n == 2:
        asyncio.current_task().cancel()
    await asyncio.sleep(0)
    print("work", n, "ends")
    return n * 10


async def main():
    results = await asyncio.gather(*[work(n) for n in range(4)], return_exceptions=True)
    for n, result in enumerate(results):
        match result:
            case ValueError():
                print(n, "error:", result)
            case asyncio.CancelledError():
                print(n, "cancelled")
            case _:
                print(n, "result:", result)


asyncio.run(main())
