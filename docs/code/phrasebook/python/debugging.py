"""Debugging."""

import asyncio
import logging
import time

from helpers import fail, fetch, program


@program
def slow_callback():
    # region slow_callback
    async def main():
        asyncio.get_running_loop().slow_callback_duration = 0.5
        logger = logging.getLogger("asyncio")
        logger.addFilter(lambda record: print("too slow"))
        await asyncio.sleep(0)
        time.sleep(1)  # nobody else can run

    asyncio.run(main(), debug=True)
    # endregion
    logging.getLogger("asyncio").filters.clear()


@program
def exception_handler():
    # region exception_handler
    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, about: print(about["exception"]))
        asyncio.create_task(fail("no route", 1))  # nobody awaits it
        await asyncio.sleep(2)
        print("main is done")

    # endregion
    return main()


@program
def get_stack():
    # region get_stack
    async def main():
        task = asyncio.create_task(fetch("a", 1))
        await asyncio.sleep(0)
        for frame in task.get_stack():
            print("it waits in", frame.f_code.co_name)
        await task

    # endregion
    return main()
