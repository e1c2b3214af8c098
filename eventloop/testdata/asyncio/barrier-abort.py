# abort breaks a barrier for those that wait and for those that come later, until it is reset
import asyncio


async def party(name, barrier):
    try:
        await barrier.wait()
        print(name, "leaves")
    except asyncio.BrokenBarrierError:
        print(name, "broken")


async def main():
    barrier = asyncio.Barrier(2)
    task = asyncio.create_task(party("a", barrier))
    await asyncio.sleep(0)
    await barrier.abort()
    print("aborted; broken:", barrier.broken)
    await task
    await party("b", barrier)
    await barrier.reset()
    print("reset; broken:", barrier.broken)
    await asyncio.gather(party("c", barrier), party("d", barrier))


asyncio.run(main())
