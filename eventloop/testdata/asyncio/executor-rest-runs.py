# What waits in the executor when main returns is run all the same, before run returns; what was cancelled is not
import asyncio
import concurrent.futures
import threading


def job(number, gate):
    gate.wait()
    print("job", number)


async def background(gate):
    try:
        await asyncio.sleep(60)
    finally:
        print("background: cancelled; the jobs may go on")
        gate.set()


async def main():
    gate = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
    jobs = [loop.run_in_executor(None, job, number, gate) for number in range(4)]
    jobs[2].cancel()
    task = asyncio.create_task(background(gate))
    await asyncio.sleep(0)
    print("main ends; done: background", task.done())
    return "result"


print("run:", asyncio.run(main()))
