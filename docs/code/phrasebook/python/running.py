"""Running: a loop begins and ends."""

import asyncio

from helpers import fetch, program


@program
def run():
    # region run
    async def main():
        print("hello")
        await asyncio.sleep(1)
        print("world")

    asyncio.run(main())
    # endregion


@program
def runner():
    # region runner
    with asyncio.Runner() as runner:
        print(runner.run(fetch("a", 1)))
        print(runner.run(fetch("b", 1)))
    # endregion


@program
def run_forever():
    # region run_forever
    loop = asyncio.new_event_loop()
    loop.call_later(1, loop.stop)
    loop.run_forever()
    print("stopped")
    loop.close()
    # endregion


@program
def loop_time():
    # region loop_time
    async def main():
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.sleep(2)
        print(f"{loop.time() - begun:.0f}s")

    # endregion
    return main()
