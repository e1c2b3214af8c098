# Errors that siblings and the body raise while they are cancelled are joined: children as they fail, the body last
import asyncio


async def fails():
    raise ValueError("the first")


async def sibling(name, rounds):
    try:
        await asyncio.Event().wait()
    finally:
        for _ in range(rounds):
            await asyncio.sleep(0)
        raise ValueError(name + " cannot close")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(sibling("a", 2))
            group.create_task(sibling("b", 0))
            group.create_task(fails())
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise ValueError("the body cannot close")
    except* ValueError as errors:
        for error in errors.exceptions:
            print("error:", error)


asyncio.run(main())
