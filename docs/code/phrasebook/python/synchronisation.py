"""Synchronisation."""

import asyncio
import time

from helpers import fetch, program


@program
def shared():
    # region shared
    async def main():
        visits = {"a": 0}

        async def visit(name):
            await asyncio.sleep(1)
            visits[name] += 1  # nobody comes between

        await asyncio.gather(*[visit("a") for _ in range(100)])
        print(visits["a"])

    # endregion
    return main()


@program
def lock():
    # region lock
    async def main():
        lock = asyncio.Lock()
        balance = 0

        async def deposit():
            nonlocal balance
            async with lock:
                before = balance
                await asyncio.sleep(1)
                balance = before + 1

        await asyncio.gather(*[deposit() for _ in range(3)])
        print(balance)

    # endregion
    return main()


@program
def event():
    # region event
    async def main():
        ready = asyncio.Event()

        async def waiter(name):
            await ready.wait()
            return name

        tasks = [asyncio.create_task(waiter(name)) for name in ("a", "b")]
        await asyncio.sleep(1)
        ready.set()
        print(*await asyncio.gather(*tasks))

    # endregion
    return main()


@program
def condition():
    # region condition
    async def main():
        changed = asyncio.Condition()
        stock = []

        async def buyer():
            async with changed:
                await changed.wait_for(lambda: stock)
                return stock.pop()

        task = asyncio.create_task(buyer())
        async with changed:
            stock.append("tea")
            changed.notify()
        print(await task)

    # endregion
    return main()


@program
def semaphore():
    # region semaphore
    async def main():
        begun = time.monotonic()
        limit = asyncio.Semaphore(2)

        async def job():
            async with limit:
                await fetch("a", 1)

        await asyncio.gather(*[job() for _ in range(6)])
        print(f"{time.monotonic() - begun:.0f}s")

    # endregion
    return main()


@program
def bounded_semaphore():
    # region bounded_semaphore
    async def main():
        limit = asyncio.BoundedSemaphore(2)
        async with limit:
            print("inside")
        try:
            limit.release()
        except ValueError:
            print("released once too often")

    # endregion
    return main()


@program
def barrier():
    # region barrier
    async def main():
        begun = time.monotonic()
        barrier = asyncio.Barrier(3)

        async def runner(seconds):
            await asyncio.sleep(seconds)
            await barrier.wait()
            print(f"off at {time.monotonic() - begun:.0f}s")

        await asyncio.gather(runner(1), runner(2), runner(3))

    # endregion
    return main()


@program
def broken_barrier():
    # region broken_barrier
    async def main():
        barrier = asyncio.Barrier(2)

        async def runner():
            try:
                await barrier.wait()
            except asyncio.BrokenBarrierError:
                print("called off")

        task = asyncio.create_task(runner())
        await asyncio.sleep(1)
        await barrier.abort()
        await task

    # endregion
    return main()
