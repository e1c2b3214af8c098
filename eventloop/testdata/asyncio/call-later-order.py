# call_later and call_at run by their time, not by the order of the calls; a delay of 0 or less is the next round
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    start = loop.time()
    done = loop.create_future()

    def last():
        print("at 100")
        done.set_result("all timers ran")

    loop.call_later(0.1, last)
    loop.call_at(start + 0.02, print, "at 20")
    loop.call_later(0.04, print, "after 40")
    loop.call_later(-1, print, "after -1000")
    loop.call_at(start - 2, print, "at -2000")
    loop.call_soon(print, "soon")
    print("main waits")
    print(await done)


asyncio.run(main())
