"""Signals."""

import asyncio
import os
import signal

from helpers import program


@program
def signal_handler():
    # region signal_handler
    async def main():
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        os.kill(os.getpid(), signal.SIGTERM)
        await stop.wait()
        loop.remove_signal_handler(signal.SIGTERM)
        print("asked to stop")

    # endregion
    return main()


@program
def interrupt():
    # region interrupt
    async def main():
        try:
            os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C does
            await asyncio.sleep(60)
        finally:
            print("cleaned up")

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print("interrupted")
    # endregion
