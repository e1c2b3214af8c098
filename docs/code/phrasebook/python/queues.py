"""Queues."""

import asyncio
import time

from helpers import fetch, program


@program
def queue():
    # region queue
    async def main():
        queue = asyncio.Queue(maxsize=1)

        async def produce():
            for name in "a", "b", "c":
                await queue.put(name)  # waits while the queue is full
            await queue.put(None)

        task = asyncio.create_task(produce())
        while (name := await queue.get()) is not None:
            print(name)
        await task

    # endregion
    return main()


@program
def queue_join():
    # region queue_join
    async def main():
        begun = time.monotonic()
        queue = asyncio.Queue()

        async def worker():
            while True:
                await fetch(await queue.get(), 1)
                queue.task_done()

        workers = [asyncio.create_task(worker()) for _ in range(2)]
        for name in "a", "b", "c", "d":
            await queue.put(name)
        await queue.join()
        print(f"{time.monotonic() - begun:.0f}s")

    # endregion
    return main()


@program
def queue_nowait():
    # region queue_nowait
    async def main():
        queue = asyncio.Queue(maxsize=1)
        queue.put_nowait("a")
        try:
            queue.put_nowait("b")
        except asyncio.QueueFull:
            print("full")
        print(queue.get_nowait())
        try:
            queue.get_nowait()
        except asyncio.QueueEmpty:
            print("empty")

    # endregion
    return main()


@program
def queue_shutdown():
    # region queue_shutdown
    async def main():
        queue = asyncio.Queue()

        async def worker():
            try:
                while True:
                    print(await queue.get())
            except asyncio.QueueShutDown:
                print("no more")

        task = asyncio.create_task(worker())
        await queue.put("a")
        queue.shutdown()
        await task

    # endregion
    return main()


@program
def queue_either():
    # region queue_either
    async def main():
        news, post = asyncio.Queue(), asyncio.Queue()
        await post.put("a letter")
        getters = [asyncio.create_task(q.get()) for q in (news, post)]
        done, pending = await asyncio.wait(
            getters, timeout=5, return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()
        for task in done:
            print(task.result())

    # endregion
    return main()


@program
def priority_queue():
    # region priority_queue
    async def main():
        queue = asyncio.PriorityQueue()
        for job in (3, "sweep"), (1, "cook"), (2, "eat"):
            await queue.put(job)
        while not queue.empty():
            print(*await queue.get())

    # endregion
    return main()


@program
def lifo_queue():
    # region lifo_queue
    async def main():
        queue = asyncio.LifoQueue()
        for name in "a", "b", "c":
            await queue.put(name)
        while not queue.empty():
            print(await queue.get())

    # endregion
    return main()
