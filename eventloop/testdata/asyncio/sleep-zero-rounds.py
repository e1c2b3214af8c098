# sleep(0) lets each ready task have one step: tasks take turns, and one that is born waits for the next round
import asyncio


async def worker(name, steps):
    for step in range(steps):
        print(name, step)
        if name == "b" and step == 0:
            asyncio.create_task(worker("b's child", 2))
        await asyncio.sleep(0)
    print(name, "ends")


async def main():
    tasks = [asyncio.create_task(worker(n, s)) for n, s in [("a", 3), ("b", 1), ("c", 2)]]
    round = 0
    while not all(task.done() for task in tasks):
        print("round", round)
        round += 1
        await asyncio.sleep(0)
    print("main ends")


asyncio.run(main())
