# add_done_callback on a future that is done calls back soon, not at once
import asyncio


async def fails():
    raise ValueError("bad")


async def main():
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(fails())
    task.add_done_callback(lambda t: print("callback while pending:", t.exception()))
    print("main waits")
    await asyncio.sleep(0)
    print("main: done:", task.done())
    loop.call_soon(print, "ready before")
    task.add_done_callback(lambda t: print("callback when done:", t.exception()))
    loop.call_soon(print, "ready after")
    print("main: callback added")
    await asyncio.sleep(0)
    print("main ends")


asyncio.run(main())
