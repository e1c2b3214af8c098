# cancel() only asks: the task is done when its cleanup, which may wait, has ended
import asyncio


async def work(closed):
    try:
        print("work: waits")
        await asyncio.Event().wait()
    finally:
        print("work: cleanup begins")
        await closed.wait()
        print("work: cleanup ends")


async def main():
    closed = asyncio.Event()
    task = asyncio.create_task(work(closed))
    await asyncio.sleep(0)
    print("cancel:", task.cancel())
    print("done:", task.done())
    await asyncio.sleep(0)
    print("a round later, done:", task.done())
    closed.set()
    try:
        await task
    except asyncio.CancelledError:
        print("main: cancelled, done:", task.done())


asyncio.run(main())
