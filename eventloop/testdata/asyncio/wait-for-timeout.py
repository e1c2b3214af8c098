# wait_for cancels the task that is late and waits for its cleanup before it raises TimeoutError
import asyncio


async def work(name, seconds):
    try:
        await asyncio.sleep(seconds)
        return name + "'s result"
    finally:
        print(name, "closes")
        await asyncio.sleep(0.02)
        print(name, "closed")


async def main():
    print("main:", await asyncio.wait_for(work("quick", 0), 60))
    task = asyncio.create_task(work("late", 60))
    try:
        print("main:", await asyncio.wait_for(task, 0.02))
    except TimeoutError:
        print("main: timeout; late is done:", task.done(), "cancelled:", task.cancelled())
    print("main is cancelled:", asyncio.current_task().cancelling() > 0)


asyncio.run(main())
