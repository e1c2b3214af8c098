# Resources are left in the reverse order, and only those that were entered: here the third cannot be opened
import asyncio
from contextlib import asynccontextmanager


@asynccontextmanager
async def resource(name, error=None):
    await asyncio.sleep(0)
    if error:
        print(name, "cannot be opened")
        raise ValueError(error)
    print(name, "opened")
    try:
        yield name
    finally:
        await asyncio.sleep(0)
        print(name, "closed")


async def main():
    async with resource("first") as a, resource("second") as b:
        print("body has", a, "and", b)
    try:
        async with resource("first"), resource("second"), resource("third", "no such file"):
            print("not reached")
    except ValueError as e:
        print("main: error:", e)


asyncio.run(main())
