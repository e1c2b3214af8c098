"""Subprocesses."""

import asyncio
from asyncio.subprocess import PIPE

from helpers import program


@program
def subprocess_exec():
    # region subprocess_exec
    async def main():
        process = await asyncio.create_subprocess_exec("echo", "hello", stdout=PIPE)
        out, _ = await process.communicate()
        print(out.decode().strip(), process.returncode)

    # endregion
    return main()


@program
def subprocess_shell():
    # region subprocess_shell
    async def main():
        process = await asyncio.create_subprocess_shell("exit 3")
        print(await process.wait())

    # endregion
    return main()


@program
def subprocess_input():
    # region subprocess_input
    async def main():
        process = await asyncio.create_subprocess_exec(
            "tr", "a-z", "A-Z", stdin=PIPE, stdout=PIPE
        )
        out, _ = await process.communicate(b"hello\n")
        print(out.decode().strip())

    # endregion
    return main()


@program
def subprocess_lines():
    # region subprocess_lines
    async def main():
        process = await asyncio.create_subprocess_shell(
            "echo one; echo two", stdout=PIPE
        )
        async for line in process.stdout:
            print(line.decode().strip())
        print(await process.wait())

    # endregion
    return main()


@program
def subprocess_kill():
    # region subprocess_kill
    async def main():
        process = await asyncio.create_subprocess_exec("sleep", "60")
        try:
            await asyncio.wait_for(process.wait(), timeout=0.05)
        except TimeoutError:
            process.kill()
            await process.wait()
            print("killed")

    # endregion
    return main()
