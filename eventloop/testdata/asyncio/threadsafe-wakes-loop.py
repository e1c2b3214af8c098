# call_soon_threadsafe wakes a loop that sleeps: a thread can set an event long before the next timer
import asyncio
import threading


async def waiter(event):
    await event.wait()
    print("waiter: the event is set")


async def main():
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    asleep = threading.Event()

    def work():
        asleep.wait()
        loop.call_soon_threadsafe(print, "callback from the thread")
        loop.call_soon_threadsafe(event.set)

    thread = threading.Thread(target=work)
    thread.start()
    timer = loop.call_later(60, print, "timer of a minute")
    task = asyncio.create_task(waiter(event))
    loop.call_soon(asleep.set)
    print("main waits")
    await task
    timer.cancel()
    thread.join()
    print("main ends")


asyncio.run(main())
