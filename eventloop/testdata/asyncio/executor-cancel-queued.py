# A function that still waits for a free worker can be cancelled and never runs; one that runs cannot be stopped
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor


def job(name, begun, gate):
    print(name, "begins")
    begun.set()
    gate.wait()
    print(name, "ends")


async def main():
    loop = asyncio.get_running_loop()
    begun, gate = threading.Event(), threading.Event()
    with ThreadPoolExecutor(max_workers=1) as executor:
        running = loop.run_in_executor(executor, job, "running", begun, gate)
        queued = loop.run_in_executor(executor, job, "queued", begun, gate)
        begun.wait()
        print("cancel:", running.cancel(), queued.cancel())
        await asyncio.wait([running, queued])
        print("main: cancelled:", running.cancelled(), queued.cancelled())
        gate.set()
        await loop.run_in_executor(executor, print, "the worker is free again")


asyncio.run(main())
