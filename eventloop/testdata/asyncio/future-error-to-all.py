# The error of a future is raised in each task that waits for it, and again at each later await
import asyncio


async def waiter(name, future):
    try:
        await future
    except ValueError as e:
        print(name, "error:", e)
        raise RuntimeError(name + " gave up")


async def main():
    future = asyncio.get_running_loop().create_future()
    tasks = [asyncio.create_task(waiter(n, future)) for n in ("a", "b")]
    await asyncio.sleep(0)
    future.set_exception(ValueError("no route"))
    for task in tasks:
        try:
            await task
        except RuntimeError as e:
            print("main:", e)
    for _ in range(2):
        try:
            await future
        except ValueError as e:
            print("main: error:", e)
    print("exception:", future.exception(), "cancelled:", future.cancelled())


asyncio.run(main())
