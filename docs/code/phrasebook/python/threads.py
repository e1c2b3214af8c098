"""Threads and executors."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from helpers import fetch, program, work


@program
def to_thread():
    # region to_thread
    async def main():
        total = asyncio.create_task(asyncio.to_thread(work, 1_000_000))
        print(await fetch("meanwhile", 0.01))
        print(await total)

    # endregion
    return main()


@program
def run_in_executor():
    # region run_in_executor
    async def main():
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(max_workers=2) as pool:
            jobs = [loop.run_in_executor(pool, work, n) for n in (10, 100, 1000)]
            print(*await asyncio.gather(*jobs))

    # endregion
    return main()


@program
def call_soon_threadsafe():
    # region call_soon_threadsafe
    async def main():
        loop = asyncio.get_running_loop()
        answer = loop.create_future()

        def other():
            loop.call_soon_threadsafe(answer.set_result, work(100))

        threading.Thread(target=other).start()
        print(await answer)

    # endregion
    return main()


@program
def run_coroutine_threadsafe():
    # region run_coroutine_threadsafe
    async def main():
        loop = asyncio.get_running_loop()

        def other():
            future = asyncio.run_coroutine_threadsafe(fetch("a", 0.01), loop)
            return future.result()  # this thread waits

        print(await asyncio.to_thread(other))

    # endregion
    return main()
