# A handle that is cancelled never runs, not even when it is in the queue of this very round
import asyncio


async def main():
    loop = asyncio.get_running_loop()

    def first():
        print("first cancels second and the timer")
        second.cancel()
        timer.cancel()

    handle = loop.call_soon(first)
    second = loop.call_soon(print, "second")
    loop.call_soon(print, "third")
    timer = loop.call_later(0.01, print, "timer")
    later = loop.call_later(0.02, print, "later timer")
    await asyncio.sleep(0)
    print("cancelled:", handle.cancelled(), second.cancelled(), timer.cancelled())
    handle.cancel()
    print("cancel of one that has run: nothing happens")
    await asyncio.sleep(0.04)
    later.cancel()
    print("main ends")


asyncio.run(main())
