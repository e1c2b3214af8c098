# gather raises the first error at once and leaves the others running; later errors are lost
import asyncio


async def work(name, turns, error):
    for _ in range(turns):
        await asyncio.sleep(0)
    print(name, "ends")
    if error:
        raise ValueError(error)
    return name + "'s result"


async def main():
    a = asyncio.create_task(work("a", 6, None))
    b = asyncio.create_task(work("b", 2, "b is bad"))
    c = asyncio.create_task(work("c", 4, "c is bad"))
    try:
        print(await asyncio.gather(a, b, c))
    except ValueError as e:
        print("main: error:", e)
    print("done: a", a.done(), "b", b.done(), "c", c.done())
    print("main:", await a)
    print("c is done:", c.done(), "exception:", c.exception())


asyncio.run(main())
