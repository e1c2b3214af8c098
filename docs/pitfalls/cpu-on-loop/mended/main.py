# Primes are counted, and another task wants its turns.
import asyncio
import os
import sys
from concurrent.futures import ProcessPoolExecutor

turns = meanwhile = 0


# region report
def count_primes(limit):
    primes = sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, limit))
    return primes, os.getpid()


async def report(processes):
    global meanwhile
    before = turns
    loop = asyncio.get_running_loop()
    primes, process = await loop.run_in_executor(processes, count_primes, 50_000)
    meanwhile = turns - before
    print(primes, "primes; the other task had turns meanwhile:", meanwhile > 0)
    print("they were counted in another process:", process != os.getpid())
# endregion


async def main(processes):
    other = asyncio.create_task(work())
    await asyncio.sleep(0)  # it has begun
    await report(processes)
    other.cancel()


async def work():
    global turns
    while True:
        turns += 1
        await asyncio.sleep(0)


if __name__ == "__main__":
    with ProcessPoolExecutor() as processes:
        asyncio.run(main(processes))
    sys.exit(meanwhile == 0)
