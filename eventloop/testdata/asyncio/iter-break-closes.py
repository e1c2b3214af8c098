# A break out of async for, in aclosing, runs the generator's cleanup, which may wait, before the loop is left
import asyncio
from contextlib import aclosing


async def pages():
    try:
        for n in range(10):
            await asyncio.sleep(0)
            print("page", n, "is made")
            yield n
    finally:
        print("pages: closes")
        await asyncio.sleep(0)
        print("pages: closed")


async def main():
    async with aclosing(pages()) as source:
        async for page in source:
            print("main has", page)
            if page == 1:
                break
    print("after the break")
    async with aclosing(pages()) as source:
        print("never iterated: nothing to clean up")
    print("main ends")


asyncio.run(main())
