"""Callbacks and futures."""

import asyncio

from helpers import fetch, program


@program
def future():
    # region future
    async def main():
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        loop.call_later(1, answer.set_result, "a letter")
        print(await answer)

    # endregion
    return main()


@program
def invalid_state():
    # region invalid_state
    async def main():
        answer = asyncio.get_running_loop().create_future()
        answer.set_result("first")
        try:
            answer.set_result("second")
        except asyncio.InvalidStateError:
            print("there is an answer already")
        print(answer.result())

    # endregion
    return main()


@program
def set_exception():
    # region set_exception
    async def main():
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        loop.call_later(1, answer.set_exception, OSError("no route"))
        try:
            print(await answer)
        except OSError as error:
            print(error)

    # endregion
    return main()


@program
def call_soon():
    # region call_soon
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_soon(print, "second")
        loop.call_soon(print, "never").cancel()
        print("first")
        await asyncio.sleep(0)

    # endregion
    return main()


@program
def call_later():
    # region call_later
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_later(1, print, "after a second")
        never = loop.call_at(loop.time() + 2, print, "never")
        await asyncio.sleep(1.5)
        never.cancel()
        await asyncio.sleep(1)

    # endregion
    return main()


@program
def done_callback():
    # region done_callback
    async def main():
        task = asyncio.create_task(fetch("a", 1))
        task.add_done_callback(lambda task: print("got", task.result()))
        await asyncio.sleep(2)

    # endregion
    return main()
