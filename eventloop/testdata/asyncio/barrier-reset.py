# reset of a barrier breaks the wait of those that are there; after that the barrier can be used again
import asyncio


async def party(name, barrier):
    try:
        print(name, "leaves as number", await barrier.wait())
    except asyncio.BrokenBarrierError:
        print(name, "broken")


async def main():
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(party(name, barrier)) for name in "ab"]
    await asyncio.sleep(0)
    print("waiting:", barrier.n_waiting)
    await barrier.reset()
    await asyncio.wait(tasks)
    print("broken:", barrier.broken, "waiting:", barrier.n_waiting)
    tasks = [asyncio.create_task(party(name, barrier)) for name in "cde"]
    await asyncio.wait(tasks)


asyncio.run(main())
