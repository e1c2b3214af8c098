# A task that awaits itself gets an error at once instead of waiting for ever
import asyncio


async def work():
    task = asyncio.current_task()
    try:
        await task
        print("work: got my own result")
    except RuntimeError:
        print("work: a task cannot await itself")
    await asyncio.sleep(0)
    print("work: can wait for others")
    return "work's result"


async def main():
    task = asyncio.create_task(work())
    print("main:", await task)


asyncio.run(main())
