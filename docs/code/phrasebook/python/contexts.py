"""Context variables."""

import asyncio
import contextvars

from helpers import program


@program
def contextvar():
    # region contextvar
    async def main():
        user = contextvars.ContextVar("user")

        async def greet():
            print("hello", user.get())

        user.set("Ada")
        task = asyncio.create_task(greet())  # with what is set now
        user.set("Grace")
        await task
        await greet()

    # endregion
    return main()
