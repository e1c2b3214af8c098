"""Plays random programs on asyncio's primitives and says what happened, and in which
turn of the loop. It reads programs from standard input and prints their traces, both in
JSON, one a line. random_test.go makes the programs and does the same with package
eventloop."""

import asyncio
import json
import sys

TURNS, PATIENCE = 60, 30  # as in random_test.go


class Item:
    """An entry of a priority queue; those of one priority compare equal."""

    def __init__(self, priority, number):
        self.priority, self.number = priority, number

    def __lt__(self, other):
        return self.priority < other.priority

    def __str__(self):
        return f"{self.priority}#{self.number}"


async def play(program):
    trace, tasks, turn = [], [], 0
    flag = made = 0

    lock = asyncio.Lock()
    event = asyncio.Event()
    condition = asyncio.Condition(lock if program["share"] else None)
    semaphore = asyncio.Semaphore(program["room"])
    bounded = asyncio.BoundedSemaphore(program["room"])
    barrier = asyncio.Barrier(program["parties"])
    queue = asyncio.Queue(program["max"])
    lifo = asyncio.LifoQueue(program["max"])
    priority = asyncio.PriorityQueue(program["max"])

    def item(n):
        nonlocal made
        made += 1
        return Item(n, made)

    async def step(op, n):
        nonlocal flag
        match op:
            case "yield": await asyncio.sleep(0)
            case "cancel": return tasks[n].cancel()
            case "flag": flag += 1
            case "lock.acquire": await lock.acquire()
            case "lock.release": lock.release()
            case "lock.locked": return lock.locked()
            case "event.wait": await event.wait()
            case "event.set": event.set()
            case "event.clear": event.clear()
            case "condition.acquire": await condition.acquire()
            case "condition.release": condition.release()
            case "condition.wait": await condition.wait()
            case "condition.wait_for":
                seen = flag
                await condition.wait_for(lambda: flag > seen)
            case "condition.notify": condition.notify(n)
            case "condition.notify_all": condition.notify_all()
            case "semaphore.acquire": await semaphore.acquire()
            case "semaphore.release": semaphore.release()
            case "semaphore.locked": return semaphore.locked()
            case "bounded.acquire": await bounded.acquire()
            case "bounded.release": bounded.release()
            case "barrier.wait": return await barrier.wait()
            case "barrier.reset": await barrier.reset()
            case "barrier.abort": await barrier.abort()
            case "barrier.state": return f"{barrier.n_waiting} {barrier.broken}"
            case "queue.put": await queue.put(n)
            case "queue.put_nowait": queue.put_nowait(n)
            case "queue.get": return await queue.get()
            case "queue.get_nowait": return queue.get_nowait()
            case "queue.task_done": queue.task_done()
            case "queue.join": await queue.join()
            case "queue.shutdown": queue.shutdown(immediate=n > 0)
            case "queue.state": return f"{queue.qsize()} {queue.empty()} {queue.full()}"
            case "lifo.put": await lifo.put(n)
            case "lifo.get": return await lifo.get()
            case "priority.put": await priority.put(item(n))
            case "priority.put_nowait": priority.put_nowait(item(n))
            case "priority.get": return await priority.get()
            case "priority.get_nowait": return priority.get_nowait()
            case _: raise SystemExit(f"play.py: {op} is not known")

    async def run(i, steps):
        for op, n in steps:
            try:
                result = await step(op, n)
                result = "done" if result is None else str(result).lower()
            except (Exception, asyncio.CancelledError) as e:
                result = type(e).__name__
            trace.append(f"{turn} {i} {op} {n}: {result}")

    for i, steps in enumerate(program["tasks"]):
        tasks.append(asyncio.create_task(run(i, steps)))
    for turn in range(TURNS):
        if turn > PATIENCE and turn % 2 == 0:
            for task in tasks:
                task.cancel()
        await asyncio.sleep(0)
    for task in tasks:
        trace.append(f"{task.done()} {task.cancelled()}".lower())

    said = list(trace)
    while not all(task.done() for task in tasks):  # who insists on a lock
        for task in tasks:
            task.cancel()
        for held in (lock, condition):
            if held.locked():
                held.release()
        await asyncio.sleep(0)
    return said


for line in sys.stdin:
    print(json.dumps(asyncio.run(play(json.loads(line)))))
