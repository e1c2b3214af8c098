# create_task starts nothing: tasks begin in the order of their creation, once their creator waits
import asyncio


async def child(name):
    print(name)


async def parent(name):
    print(name, "begins")
    task = asyncio.create_task(child(name + "'s child"))
    print(name, "has created a child")
    await task
    print(name, "ends")


async def main():
    a = asyncio.create_task(parent("a"))
    b = asyncio.create_task(parent("b"))
    print("main: both created")
    await b
    print("main: b awaited, a is done:", a.done())
    await a
    print("main: a awaited")


asyncio.run(main())
