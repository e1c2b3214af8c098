# A TaskGroup waits at its end for all children, also those that a child added after the body had ended
import asyncio


async def child(name, group, depth):
    print(name, "begins")
    if depth:
        group.create_task(child(name + "'s child", group, depth - 1))
    await asyncio.sleep(0)
    print(name, "ends")
    return name


async def main():
    async with asyncio.TaskGroup() as group:
        a = group.create_task(child("a", group, 2))
        b = group.create_task(child("b", group, 0))
        print("body ends")
    print("group ends;", a.result(), "and", b.result(), "are done")
    async with asyncio.TaskGroup() as group:
        print("an empty group")
    print("main ends")


asyncio.run(main())
