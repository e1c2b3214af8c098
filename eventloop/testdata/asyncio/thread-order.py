# Functions in threads overlap, and the tasks that wait for them go on in the order in which the functions end
import asyncio
import threading


def blocking(name, gate, opens):
    gate.wait()
    print("function", name, "ends")
    return name, opens


async def work(name, gate, opens):
    name, opens = await asyncio.to_thread(blocking, name, gate, opens)
    print("task", name, "goes on")
    if opens:
        opens.set()


async def main():
    a, b, c = [threading.Event() for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        group.create_task(work("a", a, None))
        group.create_task(work("b", b, a))
        group.create_task(work("c", c, b))
        await asyncio.sleep(0)
        print("main: all are started")
        c.set()


asyncio.run(main())
