# When main raises, the tasks that remain are cancelled first, and then the error comes out of run
import asyncio


async def background():
    try:
        await asyncio.sleep(60)
    finally:
        print("background: cleanup begins")
        await asyncio.sleep(0)
        print("background: cleanup ends")


async def main():
    task = asyncio.create_task(background())
    await asyncio.sleep(0)
    print("main: background is done:", task.done())
    raise ValueError("main is broken")


try:
    asyncio.run(main())
except ValueError as e:
    print("run:", e)
