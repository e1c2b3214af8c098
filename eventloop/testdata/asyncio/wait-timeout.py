# wait with a timeout raises nothing and cancels nothing: what is pending goes on
import asyncio


async def work(name, event):
    try:
        await event.wait()
        print(name, "ends")
    except asyncio.CancelledError:
        print(name, "cancelled")
        raise


async def main():
    early, late = asyncio.Event(), asyncio.Event()
    early.set()
    tasks = [asyncio.create_task(work("a", late)), asyncio.create_task(work("b", early))]
    done, pending = await asyncio.wait(tasks, timeout=0.02)
    print("after the timeout:", len(done), "done,", len(pending), "pending")
    print("a is done:", tasks[0].done(), "b is done:", tasks[1].done())
    late.set()
    done, pending = await asyncio.wait(pending, timeout=60)
    print("later:", len(done), "done,", len(pending), "pending")


asyncio.run(main())
