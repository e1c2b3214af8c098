# A task's states: its name, done, result and exception, before, while and after it runs
import asyncio


async def divide(a, b, gate):
    await gate.wait()
    if b == 0:
        raise ValueError("division by zero")
    return a // b


def show(task):
    print(task.get_name(), "done:", task.done(), "cancelled:", task.cancelled(), end=" ")
    try:
        print("failed:", task.exception() is not None, "result:", task.result())
    except asyncio.InvalidStateError:
        print("invalid state")
    except ValueError as e:
        print("result raises:", e)


async def main():
    gate = asyncio.Event()
    tasks = [asyncio.create_task(divide(6, b, gate), name=f"6/{b}") for b in (3, 0)]
    for task in tasks:
        show(task)
    await asyncio.sleep(0)
    gate.set()
    print("gate is open, done:", tasks[0].done())
    await asyncio.wait(tasks)
    tasks[0].set_name("a third")
    for task in tasks:
        show(task)


asyncio.run(main())
