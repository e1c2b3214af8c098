# remove_done_callback works until the future is done: then its callbacks are on their way
import asyncio


async def main():
    future = asyncio.get_running_loop().create_future()

    def early(f):
        print("early callback")

    def late(f):
        print("late callback:", f.result())

    future.add_done_callback(early)
    future.add_done_callback(late)
    print("removed:", future.remove_done_callback(early) > 0)
    print("removed:", future.remove_done_callback(early) > 0)
    future.set_result("result")
    print("removed:", future.remove_done_callback(late) > 0)
    print("main waits")
    await asyncio.sleep(0)
    print("main ends")


asyncio.run(main())
