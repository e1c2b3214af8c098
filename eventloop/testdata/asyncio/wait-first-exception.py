# wait for FIRST_EXCEPTION returns at an error, not at a result and not at a cancelled task
import asyncio


async def work(name, event, error=None):
    await event.wait()
    print(name, "ends")
    if error:
        raise ValueError(error)


async def main():
    events = [asyncio.Event() for _ in range(4)]
    tasks = [
        asyncio.create_task(work("well", events[0])),
        asyncio.create_task(work("cancelled", events[1])),
        asyncio.create_task(work("bad", events[2], "an error")),
        asyncio.create_task(work("pending", events[3])),
    ]
    loop = asyncio.get_running_loop()
    loop.call_later(0.02, events[0].set)
    loop.call_later(0.04, tasks[1].cancel)
    loop.call_later(0.06, events[2].set)
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    print(len(done), "done,", len(pending), "pending")
    print("done:", *[task.done() for task in tasks])
    print("error:", tasks[2].exception())
    events[3].set()
    await tasks[3]


asyncio.run(main())
