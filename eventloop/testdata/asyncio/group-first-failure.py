# The first child that fails cancels its siblings and the body; the group raises when all have closed
import asyncio


async def fails():
    await asyncio.sleep(0)
    print("fails: raises")
    raise ValueError("bad")


async def sibling(name, rounds):
    try:
        await asyncio.Event().wait()
    finally:
        for _ in range(rounds):
            await asyncio.sleep(0)
        print(name, "closed")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            a = group.create_task(sibling("a", 2))
            group.create_task(fails())
            b = group.create_task(sibling("b", 0))
            try:
                await asyncio.Event().wait()
            finally:
                print("body: cancelled")
    except* ValueError as errors:
        print("main: errors:", *errors.exceptions)
    print("cancelled: a", a.cancelled(), "b", b.cancelled())
    print("main is cancelled:", asyncio.current_task().cancelling() > 0)


asyncio.run(main())
