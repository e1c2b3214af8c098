# A barrier lets all go when the last has come: the last goes on first, the others in their order; then it is new
import asyncio


async def party(name, barrier):
    for n in range(2):
        print(name, "arrives, waiting:", barrier.n_waiting)
        index = await barrier.wait()
        print(name, "leaves", n, "as number", index)


async def main():
    barrier = asyncio.Barrier(3)
    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(party(name, barrier))
    print("waiting:", barrier.n_waiting, "broken:", barrier.broken)


asyncio.run(main())
