# A callback that raises stops neither the loop nor the other callbacks: the exception handler is told
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: print("handler:", context["exception"]))

    def bad(what):
        print("bad callback:", what)
        raise ValueError("from " + what)

    future = loop.create_future()
    future.add_done_callback(lambda f: bad("a future's callback"))
    future.add_done_callback(lambda f: print("good callback:", f.result()))
    loop.call_soon(bad, "call_soon")
    loop.call_later(0.01, bad, "call_later")
    future.set_result("result")
    print("main:", await future)
    await asyncio.sleep(0.04)
    print("main ends")


asyncio.run(main())
