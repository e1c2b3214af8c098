# A cancelled task leaves the barrier unbroken: another must come in its place
import asyncio


async def party(name, barrier):
    try:
        index = await barrier.wait()
        print(name, "leaves as number", index)
    except asyncio.CancelledError:
        print(name, "cancelled")
        raise


async def main():
    barrier = asyncio.Barrier(3)
    a, b = [asyncio.create_task(party(name, barrier)) for name in "ab"]
    await asyncio.sleep(0)
    print("waiting:", barrier.n_waiting)
    a.cancel()
    await asyncio.wait([a])
    print("waiting:", barrier.n_waiting, "broken:", barrier.broken)
    c = asyncio.create_task(party("c", barrier))
    await asyncio.sleep(0)
    print("waiting:", barrier.n_waiting)
    d = asyncio.create_task(party("d", barrier))
    await asyncio.wait([b, c, d])


asyncio.run(main())
