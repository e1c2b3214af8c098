"""What the programs of the phrasebook have in common."""

import asyncio
import inspect

programs = {}


def program(function):
    """Puts a program into the list, by the name of its function.

    The function gives a coroutine to run; or it has run all by itself and gives nothing.
    What is between "# region" and "# endregion" in it is what the phrasebook shows.
    """
    programs[function.__name__] = function
    return function


def run(name):
    result = programs[name]()
    if inspect.iscoroutine(result):
        asyncio.run(result)


# region fetch
async def fetch(name, seconds):
    await asyncio.sleep(seconds)
    return name


# endregion


# region fail
async def fail(reason, seconds):
    await asyncio.sleep(seconds)
    raise OSError(reason)


# endregion


# region work
def work(n):
    return sum(range(n))


# endregion
