"""Coroutines and tasks: to begin something, and to hear of it."""

import asyncio
import time

from helpers import fail, fetch, program


@program
def await_one():
    # region await_one
    async def main():
        begun = time.monotonic()
        a = await fetch("a", 2)
        b = await fetch("b", 1)
        print(a, b, f"{time.monotonic() - begun:.0f}s")

    # endregion
    return main()


@program
def create_task():
    # region create_task
    async def main():
        begun = time.monotonic()
        task = asyncio.create_task(fetch("a", 2))
        b = await fetch("b", 1)
        print(await task, b, f"{time.monotonic() - begun:.0f}s")

    # endregion
    return main()


@program
def task_result():
    # region task_result
    async def main():
        good = asyncio.create_task(fetch("a", 1))
        bad = asyncio.create_task(fail("no route", 1))
        print("done" if good.done() else "pending")
        await asyncio.sleep(2)
        print(good.result(), bad.exception())

    # endregion
    return main()


@program
def ensure_future():
    # region ensure_future
    async def twice(answer):
        future = asyncio.ensure_future(answer)
        print(await future, await future)

    async def main():
        await twice(fetch("a", 1))
        await twice(asyncio.create_task(fetch("b", 1)))

    # endregion
    return main()


@program
def current_task():
    # region current_task
    async def job():
        print(asyncio.current_task().get_name())

    async def main():
        await asyncio.create_task(job(), name="download")

    # endregion
    return main()


@program
def all_tasks():
    # region all_tasks
    async def main():
        jobs = [asyncio.create_task(fetch(name, 1)) for name in ("a", "b")]
        others = asyncio.all_tasks() - {asyncio.current_task()}
        print(len(others), "running")
        await asyncio.gather(*jobs)

    # endregion
    return main()


@program
def eager():
    # region eager
    cache = {"a": "the text of a"}

    async def lookup(name):
        if name in cache:
            return cache[name]
        return await fetch(name, 1)

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        task = asyncio.create_task(lookup("a"))
        print(task.result())

    # endregion
    return main()


@program
def give_way():
    # region give_way
    async def main():
        other = asyncio.create_task(fetch("the other ran", 0))
        total = 0
        for n in range(1000):
            total += n
            if n % 100 == 0:
                await asyncio.sleep(0)
        print(other.result(), total)

    # endregion
    return main()
