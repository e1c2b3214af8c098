"""The time in which a task is created, run and awaited."""

import asyncio
import time

import measure


async def create(n):
    ran = 0

    async def task():
        nonlocal ran
        ran += 1

    began = time.perf_counter_ns()
    for _ in range(n):
        await asyncio.create_task(task())
    ns = time.perf_counter_ns() - began
    measure.check(ran == n, f"{ran} tasks ran, want {n}")
    return n, ns


measure.repeat(measure.parser(__doc__).parse_args(), create)
