# as_completed with a timeout raises TimeoutError at the next result after it, and the tasks that are late go on
import asyncio


async def work(name, event):
    await event.wait()
    print(name, "ends")
    return name


async def main():
    early, late = asyncio.Event(), asyncio.Event()
    early.set()
    tasks = [asyncio.create_task(work(n, e)) for n, e in [("a", late), ("b", early), ("c", late)]]
    await tasks[1]
    try:
        for next_result in asyncio.as_completed(tasks, timeout=0.02):
            print("got", await next_result)
    except TimeoutError:
        print("timeout; done:", *[task.done() for task in tasks])
    late.set()
    for next_result in asyncio.as_completed(tasks[::2], timeout=60):
        print("got", await next_result)


asyncio.run(main())
