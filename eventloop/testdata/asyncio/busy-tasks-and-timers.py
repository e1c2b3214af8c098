# Tasks that are always ready keep neither a timer nor a thread's callback back for longer than a round
import asyncio
import threading


async def busy(name):
    for turn in range(3):
        print(name, "turn", turn)
        await asyncio.sleep(0)


async def main():
    loop = asyncio.get_running_loop()
    a = asyncio.create_task(busy("a"))
    b = asyncio.create_task(busy("b"))
    loop.call_later(0, print, "timer of 0 ms")
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(print, "from a thread"))
    thread.start()
    thread.join()
    print("main waits")
    await a
    await b
    print("main ends")


asyncio.run(main())
