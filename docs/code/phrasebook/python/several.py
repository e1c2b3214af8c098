"""Waiting for several."""

import asyncio
import time

from helpers import fail, fetch, program


@program
def gather():
    # region gather
    async def main():
        begun = time.monotonic()
        a, b = await asyncio.gather(fetch("a", 2), fetch("b", 1))
        print(a, b, f"{time.monotonic() - begun:.0f}s")

    # endregion
    return main()


@program
def gather_list():
    # region gather_list
    async def main():
        names = ["a", "b", "c"]
        texts = await asyncio.gather(*[fetch(name, 1) for name in names])
        print(*texts)

    # endregion
    return main()


@program
def gather_fails():
    # region gather_fails
    async def main():
        slow = asyncio.create_task(fetch("a", 2))
        try:
            await asyncio.gather(slow, fail("no route", 1))
        except OSError as error:
            print(error)
        print(await slow)  # it was not cancelled

    # endregion
    return main()


@program
def gather_errors():
    # region gather_errors
    async def main():
        for result in await asyncio.gather(
            fetch("a", 2), fail("no route", 1), return_exceptions=True
        ):
            print(result)

    # endregion
    return main()


@program
def task_group():
    # region task_group
    async def main():
        async with asyncio.TaskGroup() as group:
            a = group.create_task(fetch("a", 2))
            b = group.create_task(fetch("b", 1))
        print(a.result(), b.result())

    # endregion
    return main()


@program
def task_group_fails():
    # region task_group_fails
    async def main():
        try:
            async with asyncio.TaskGroup() as group:
                slow = group.create_task(fetch("a", 5))
                group.create_task(fail("no route", 1))
        except* OSError as group:
            print(*group.exceptions)
        print("cancelled" if slow.cancelled() else "finished")

    # endregion
    return main()


@program
def wait_timeout():
    # region wait_timeout
    async def main():
        fast = asyncio.create_task(fetch("fast", 1))
        slow = asyncio.create_task(fetch("slow", 5))
        done, pending = await asyncio.wait([fast, slow], timeout=2)
        for task in done:
            print(task.result())
        print(len(pending), "not yet")

    # endregion
    return main()


@program
def wait_first():
    # region wait_first
    async def main():
        slow = asyncio.create_task(fetch("slow", 5))
        fast = asyncio.create_task(fetch("fast", 1))
        done, pending = await asyncio.wait(
            [slow, fast], return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()
        print(done.pop().result())

    # endregion
    return main()


@program
def wait_exception():
    # region wait_exception
    async def main():
        jobs = [fetch("a", 1), fail("no route", 2), fetch("b", 5)]
        tasks = [asyncio.create_task(job) for job in jobs]
        done, pending = await asyncio.wait(
            tasks, return_when=asyncio.FIRST_EXCEPTION
        )
        print(len(done), "done,", len(pending), "pending")

    # endregion
    return main()


@program
def as_completed():
    # region as_completed
    async def main():
        jobs = [fetch("slow", 2), fetch("fast", 1)]
        for answer in asyncio.as_completed(jobs):
            print(await answer)

    # endregion
    return main()
