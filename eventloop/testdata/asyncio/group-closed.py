# A group that is over, or that is being shut down, takes no new tasks
import asyncio


async def child(name):
    print(name, "runs")


def try_create(group, name):
    coroutine = child(name)
    try:
        group.create_task(coroutine)
        print(name, "is accepted")
    except RuntimeError:
        coroutine.close()
        print(name, "is refused")


async def sibling(group):
    try_create(group, "early")
    try:
        await asyncio.Event().wait()
    finally:
        try_create(group, "late")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(sibling(group))
            await asyncio.sleep(0)
            raise ValueError("bad")
    except* ValueError as errors:
        print("errors:", *errors.exceptions)
    try_create(group, "too late")


asyncio.run(main())
