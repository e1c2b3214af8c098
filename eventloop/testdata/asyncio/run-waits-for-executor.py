# run waits for functions that still run in the executor: nothing can cancel them
import asyncio
import threading


def job(gate):
    gate.wait()
    print("job: ends")


async def background(gate):
    try:
        await asyncio.sleep(60)
    finally:
        print("background: cancelled; the job may end")
        gate.set()


async def main():
    gate = threading.Event()
    future = asyncio.get_running_loop().run_in_executor(None, job, gate)
    task = asyncio.create_task(background(gate))
    await asyncio.sleep(0)
    print("main: ends; done: job", future.done(), "background", task.done())
    return "result"


print("run:", asyncio.run(main()))
