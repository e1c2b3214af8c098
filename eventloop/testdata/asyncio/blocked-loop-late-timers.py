# Timers that came due while the loop was blocked run after all that was ready, and by their time
import asyncio
import time


async def main():
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def block():
        now = loop.time()
        loop.call_at(now + 0.03, done.set)
        loop.call_at(now + 0.02, print, "timer of 20 ms")
        loop.call_at(now + 0.01, print, "timer of 10 ms")
        print("block: begins")
        time.sleep(0.04)
        loop.call_soon(print, "ready: added by block")
        print("block: ends")

    loop.call_soon(block)
    loop.call_soon(print, "ready: added before")
    await done.wait()
    print("main: timer of 30 ms")


asyncio.run(main())
