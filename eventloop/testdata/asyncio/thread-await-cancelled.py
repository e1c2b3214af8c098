# Cancelling the await of a thread's function ends the wait at once; the function runs on, and its result is lost
import asyncio
import threading


def blocking(begun, gate, over):
    begun.set()
    gate.wait()
    print("function: ends")
    over.set()
    return "a result"


async def work(begun, gate, over):
    try:
        print("work:", await asyncio.to_thread(blocking, begun, gate, over))
    except asyncio.CancelledError:
        print("work: cancelled; function is over:", over.is_set())
        raise


async def main():
    begun, gate, over = [threading.Event() for _ in range(3)]
    task = asyncio.create_task(work(begun, gate, over))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    await asyncio.wait([task])
    print("main: opens the gate; task is cancelled:", task.cancelled())
    gate.set()
    await asyncio.to_thread(over.wait)
    print("main: function is over:", over.is_set())


asyncio.run(main())
