# The callbacks of a future and the tasks that wait for it run in the order they came, behind what was ready before
import asyncio


async def waiter(name, future):
    print(name, "waits")
    print(name, "got", await future)


async def main():
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda f: print("callback 1 got", f.result()))
    asyncio.create_task(waiter("waiter 1", future))
    await asyncio.sleep(0)
    future.add_done_callback(lambda f: print("callback 2 got", f.result()))
    asyncio.create_task(waiter("waiter 2", future))
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    loop.call_soon(print, "ready before the result")
    future.set_result(7)
    loop.call_soon(print, "ready after the result")
    print("the result is set, nobody has run")
    await asyncio.sleep(0)
    print("main ends")


asyncio.run(main())
