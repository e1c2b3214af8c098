# A cancelled task gets its error in its turn: one that is ready keeps its place, one that waits goes to the end
import asyncio


async def ready(name):
    try:
        for n in range(9):
            print(name, n)
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        print(name, "cancelled")


async def waiting():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("w cancelled")


async def main():
    w = asyncio.create_task(waiting())
    tasks = [asyncio.create_task(ready(name)) for name in "abc"]
    await asyncio.sleep(0)
    print("main cancels w, then c, then a")
    for task in (w, tasks[2], tasks[0]):
        task.cancel()
    await asyncio.sleep(0)
    print("main cancels b")
    tasks[1].cancel()
    await asyncio.wait([w, *tasks])


asyncio.run(main())
