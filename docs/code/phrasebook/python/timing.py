"""Time and timeouts."""

import asyncio

from helpers import fetch, program


@program
def sleep():
    # region sleep
    async def main():
        for n in range(3):
            await asyncio.sleep(1)
            print("tick", n)

    # endregion
    return main()


@program
def timeout():
    # region timeout
    async def main():
        try:
            async with asyncio.timeout(1):
                print(await fetch("a", 5))
        except TimeoutError:
            print("too late")

    # endregion
    return main()


@program
def timeout_at():
    # region timeout_at
    async def main():
        deadline = asyncio.get_running_loop().time() + 3
        for name in "a", "b":
            try:
                async with asyncio.timeout_at(deadline):
                    print(await fetch(name, 2))
            except TimeoutError:
                print(name, "is too late")

    # endregion
    return main()


@program
def reschedule():
    # region reschedule
    async def main():
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(1) as deadline:
            deadline.reschedule(loop.time() + 3)
            print(await fetch("a", 2))
        print("too late" if deadline.expired() else "in time")

    # endregion
    return main()


@program
def wait_for():
    # region wait_for
    async def main():
        try:
            print(await asyncio.wait_for(fetch("a", 5), timeout=1))
        except TimeoutError:
            print("too late")

    # endregion
    return main()
