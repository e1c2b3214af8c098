# An error in the body cancels the children, and comes out in a group like a child's error
import asyncio


async def child(name):
    try:
        print(name, "begins")
        await asyncio.Event().wait()
    finally:
        print(name, "closed")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child("a"))
            await asyncio.sleep(0)
            late = group.create_task(child("late"))
            raise ValueError("the body is bad")
    except* ValueError as errors:
        print("main: errors:", *errors.exceptions)
    print("late is cancelled and never began:", late.cancelled())


asyncio.run(main())
