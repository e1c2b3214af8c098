# When main returns, the loop goes on to the end of the next round: who is ready gets a turn, what begins then gets none
import asyncio


async def busy(name):
    for turn in range(100):
        print(name, "turn", turn)
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            print(name, "cancelled")
            raise


async def main():
    a = asyncio.create_task(busy("a"))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(asyncio.create_task, busy("b"))
    print("main returns, a is done:", a.done())


asyncio.run(main())
print("run returns")
