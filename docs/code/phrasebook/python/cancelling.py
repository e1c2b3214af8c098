"""Cancelling."""

import asyncio

from helpers import fetch, program


@program
def cancel():
    # region cancel
    async def main():
        task = asyncio.create_task(fetch("a", 5))
        await asyncio.sleep(1)
        task.cancel()
        try:
            print(await task)
        except asyncio.CancelledError:
            print("cancelled")

    # endregion
    return main()


@program
def cleanup():
    # region cleanup
    async def job():
        try:
            await asyncio.sleep(5)
        finally:
            print(await fetch("saved", 1))

    async def main():
        task = asyncio.create_task(job())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])

    # endregion
    return main()


@program
def cancel_message():
    # region cancel_message
    async def main():
        task = asyncio.create_task(fetch("a", 5))
        await asyncio.sleep(1)
        task.cancel("the server stops")
        try:
            print(await task)
        except asyncio.CancelledError as cancelled:
            print(*cancelled.args)

    # endregion
    return main()


@program
def uncancel():
    # region uncancel
    async def job():
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()
        return await fetch("a later answer", 1)

    async def main():
        task = asyncio.create_task(job())
        await asyncio.sleep(1)
        task.cancel()
        print(await task)

    # endregion
    return main()


@program
def shield():
    # region shield
    async def main():
        save = asyncio.create_task(fetch("saved", 2))
        try:
            async with asyncio.timeout(1):
                await asyncio.shield(save)
        except TimeoutError:
            print("not waiting any more")
        print(await save)

    # endregion
    return main()
