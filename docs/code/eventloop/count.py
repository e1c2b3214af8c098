# The program of counter_test.go, for asyncio.
import asyncio

total = 0
lock = None


async def no_wait():
    global total
    total += 1


async def wait_inside():
    global total
    before = total
    await asyncio.sleep(0)  # the others have a turn here
    total = before + 1


async def locked():
    async with lock:
        await wait_inside()


async def count(name, add):
    global total, lock
    total, lock = 0, asyncio.Lock()

    async def task():
        for _ in range(1000):
            await add()
            await asyncio.sleep(0)

    await asyncio.gather(*(task() for _ in range(8)))
    print(f"{name:<26} {total}")


async def main():
    await count("no wait inside", no_wait)
    await count("a wait inside", wait_inside)
    await count("a wait inside, and a lock", locked)


asyncio.run(main())
