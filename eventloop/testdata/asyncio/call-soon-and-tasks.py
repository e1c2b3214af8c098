# Callbacks and new tasks share one queue: first in, first out; what a callback adds runs in the next round
import asyncio


async def task(name):
    print(name, "step 1")
    await asyncio.sleep(0)
    print(name, "step 2")


async def main():
    loop = asyncio.get_running_loop()

    def nested():
        print("callback 1")
        loop.call_soon(print, "callback 1's callback")
        asyncio.create_task(task("callback 1's task"))

    a = asyncio.create_task(task("a"))
    loop.call_soon(nested)
    b = asyncio.create_task(task("b"))
    loop.call_soon(print, "callback 2")
    print("main waits")
    await a
    print("main: a is awaited; b is done:", b.done())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("main ends")


asyncio.run(main())
