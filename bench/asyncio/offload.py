"""The time in which a function is handed off the loop, to a thread, and awaited."""

import asyncio
import concurrent.futures
import time

import measure


def function(i):
    return i


async def offload(form, n):
    loop = asyncio.get_running_loop()
    total = 0
    with concurrent.futures.ThreadPoolExecutor() as executor:
        await loop.run_in_executor(executor, function, 0)  # a thread is there
        await asyncio.to_thread(function, 0)
        began = time.perf_counter_ns()
        if form == "to-thread":
            for i in range(n):
                total += await asyncio.to_thread(function, i)
        else:
            for i in range(n):
                total += await loop.run_in_executor(executor, function, i)
        ns = time.perf_counter_ns() - began
    measure.check(total == n * (n - 1) // 2, f"the results add up to {total}")
    return n, ns


flags = measure.parser(__doc__)
flags.add_argument("form", choices=["to-thread", "executor"])
args = flags.parse_args()
measure.repeat(args, lambda n: offload(args.form, n))
