# call_soon_threadsafe puts a thread's callbacks behind those that are ready, in the thread's order
import asyncio
import threading


async def main():
    loop = asyncio.get_running_loop()
    result = loop.create_future()

    def work():
        for n in range(3):
            loop.call_soon_threadsafe(print, "from the thread:", n)
        loop.call_soon_threadsafe(result.set_result, "the thread's result")

    loop.call_soon(print, "ready before the thread began")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    loop.call_soon(print, "added after the thread ended")
    print("main: the thread has ended, the result is there:", result.done())
    print("main:", await result)


asyncio.run(main())
