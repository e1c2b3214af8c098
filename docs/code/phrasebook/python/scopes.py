"""async with, async for, async generators."""

import asyncio
import contextlib

from helpers import fetch, program


@program
def async_with():
    # region async_with
    class Door:
        async def __aenter__(self):
            print(await fetch("open", 1))

        async def __aexit__(self, *error):
            print(await fetch("closed", 1))

    async def main():
        async with Door():
            print("inside")

    # endregion
    return main()


@program
def context_manager():
    # region context_manager
    @contextlib.asynccontextmanager
    async def door(name):
        print(name, await fetch("open", 1))
        try:
            yield name
        finally:
            print(name, await fetch("closed", 1))

    async def main():
        async with door("a") as name:
            print("inside", name)

    # endregion
    return main()


@program
def exit_stack():
    # region exit_stack
    async def close(name):
        print(await fetch(name, 1), "closed")

    async def main():
        async with contextlib.AsyncExitStack() as stack:
            for name in "a", "b":
                stack.push_async_callback(close, name)
            print("inside")

    # endregion
    return main()


@program
def async_for():
    # region async_for
    class Countdown:
        def __init__(self, n):
            self.n = n

        def __aiter__(self):
            return self

        async def __anext__(self):
            if self.n == 0:
                raise StopAsyncIteration
            self.n -= 1
            return await fetch(self.n + 1, 1)

    async def main():
        async for n in Countdown(3):
            print(n)

    # endregion
    return main()


@program
def async_generator():
    # region async_generator
    async def pages():
        for number in 1, 2, 3:
            yield await fetch(f"page {number}", 1)

    async def main():
        async for page in pages():
            print(page)

    # endregion
    return main()


@program
def aclosing():
    # region aclosing
    async def pages():
        try:
            for number in 1, 2, 3:
                yield await fetch(f"page {number}", 1)
        finally:
            print("closed")

    async def main():
        async with contextlib.aclosing(pages()) as all_pages:
            async for page in all_pages:
                print(page)
                break

    # endregion
    return main()


@program
def comprehension():
    # region comprehension
    async def numbers():
        for n in 1, 2, 3:
            yield await fetch(n, 1)

    async def main():
        squares = [n * n async for n in numbers()]
        print(*squares)

    # endregion
    return main()


@program
def anext_one():
    # region anext_one
    async def numbers():
        for n in 1, 2:
            yield await fetch(n, 1)

    async def main():
        stream = aiter(numbers())
        print(await anext(stream))
        print(await anext(stream))
        print(await anext(stream, "no more"))

    # endregion
    return main()
