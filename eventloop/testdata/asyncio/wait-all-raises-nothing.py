# wait for ALL_COMPLETED raises nothing: errors and cancels stay in their tasks until somebody asks
import asyncio


async def work(name, error=None):
    await asyncio.sleep(0)
    print(name, "ends")
    if error:
        raise ValueError(error)
    return name + "'s result"


async def main():
    tasks = [
        asyncio.create_task(work("a")),
        asyncio.create_task(work("b", "b is bad")),
        asyncio.create_task(work("c")),
    ]
    tasks[2].cancel()
    done, pending = await asyncio.wait(tasks)
    print(len(done), "done,", len(pending), "pending")
    for task in tasks:
        try:
            print("result:", task.result())
        except ValueError as e:
            print("error:", e)
        except asyncio.CancelledError:
            print("cancelled")


asyncio.run(main())
