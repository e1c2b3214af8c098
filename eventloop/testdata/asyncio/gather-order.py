# gather gives its results in the order of its arguments, whatever the order of completion
import asyncio


async def fetch(name, turns):
    print(name, "begins")
    for _ in range(turns):
        await asyncio.sleep(0)
    print(name, "ends")
    return f"{name} after {turns}"


async def main():
    task = asyncio.create_task(fetch("task", 2))
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.02, future.set_result, "a future's result")
    print("gather")
    results = await asyncio.gather(fetch("slow", 4), future, task, fetch("quick", 1))
    for result in results:
        print("result:", result)


asyncio.run(main())
