# Primes are counted, and another task wants its turns.
import asyncio
import os
import sys

turns = meanwhile = 0


# region report
def count_primes(limit):
    primes = sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, limit))
    return primes, os.getpid()


async def report():
    global meanwhile
    before = turns
    primes, process = count_primes(50_000)
    meanwhile = turns - before
    print(primes, "primes; the other task had turns meanwhile:", meanwhile > 0)
    print("they were counted in another process:", process != os.getpid())
# endregion


async def main():
    other = asyncio.create_task(work())
    await asyncio.sleep(0)  # it has begun
    await report()
    other.cancel()


async def work():
    global turns
    while True:
        turns += 1
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main())
    sys.exit(meanwhile == 0)
