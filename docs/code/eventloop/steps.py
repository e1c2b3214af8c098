# The program "steps" of steps_test.go, for asyncio.
import asyncio


async def walk(name):
    print(name, "begins")
    await asyncio.sleep(0)  # lets the others run
    print(name, "ends")


async def main():
    a = asyncio.create_task(walk("a"))
    b = asyncio.create_task(walk("b"))
    print("main has made two tasks")
    await walk("c")
    print("main awaits a")
    await a
    print("main awaits b")
    await b
    print("main ends")


asyncio.run(main())
