# A task that ignores the cancel at the end of run is waited for until it ends by itself
import asyncio


async def stubborn():
    for n in range(3):
        try:
            await asyncio.sleep(0.02)
            print("stubborn: slept", n)
        except asyncio.CancelledError:
            print("stubborn: ignores a cancel")
    print("stubborn: ends")


async def main():
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    print("main returns; stubborn is done:", task.done())


asyncio.run(main())
print("run returns")
