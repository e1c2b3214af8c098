# An error inside an asynchronous generator comes out of async for, after the items before it and its own cleanup
import asyncio


async def numbers():
    try:
        yield 1
        await asyncio.sleep(0)
        yield 2
        raise ValueError("no third number")
    finally:
        await asyncio.sleep(0)
        print("numbers: cleanup")


async def doubled(source):
    try:
        async for n in source:
            yield 2 * n
        print("not reached")
    finally:
        print("doubled: cleanup")


async def main():
    try:
        async for n in doubled(numbers()):
            print("main has", n)
    except ValueError as e:
        print("main: error:", e)


asyncio.run(main())
