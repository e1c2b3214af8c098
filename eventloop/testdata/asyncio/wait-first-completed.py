# wait for FIRST_COMPLETED returns what is done by the time the waiter runs again: that can be more than one
import asyncio


async def work(name, future):
    print(name, "got", await future)
    return name


async def main():
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(4)]
    pending = {asyncio.create_task(work(n, f)) for n, f in zip("abcd", futures)}
    await asyncio.sleep(0)
    futures[2].set_result("first")
    futures[0].set_result("in the same round")
    for future in futures[1], futures[3]:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        print("done:", *sorted(task.result() for task in done), "pending:", len(pending))
        future.set_result("later")
    done, pending = await asyncio.wait(pending)
    print("done:", *sorted(task.result() for task in done), "pending:", len(pending))


asyncio.run(main())
