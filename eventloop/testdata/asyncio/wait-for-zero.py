# wait_for with a timeout of zero gives the result of what is done, and cancels all else, even what has not begun
import asyncio


async def work(name):
    try:
        print(name, "runs")
        await asyncio.sleep(0)
        return name + "'s result"
    finally:
        print(name, "ends")


async def main():
    for name, rounds in [("done", 2), ("begun", 1), ("fresh", 0)]:
        task = asyncio.create_task(work(name))
        for _ in range(rounds):
            await asyncio.sleep(0)
        try:
            print("main:", await asyncio.wait_for(task, 0))
        except TimeoutError:
            print("main: timeout;", name, "is cancelled:", task.cancelled())


asyncio.run(main())
