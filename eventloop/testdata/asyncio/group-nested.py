# An inner group's failure that is handled stays inside; unhandled, it is one error of the outer group, a group itself
import asyncio


async def fails(error):
    raise ValueError(error)


async def forever(name):
    try:
        await asyncio.Event().wait()
    finally:
        print(name, "closed")


async def inner(name, handled):
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(forever(name + "'s child"))
            group.create_task(fails(name + " is bad"))
    except* ValueError as errors:
        print(name, "handles:", *errors.exceptions)
        if not handled:
            raise


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(forever("sibling"))
            await inner("first", True)
            print("body: goes on")
            group.create_task(inner("second", False))
    except* ValueError as errors:
        for error in errors.exceptions:
            print("main:", *error.exceptions)


asyncio.run(main())
