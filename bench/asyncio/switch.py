"""The time of a task switch: tasks that take turns by sleep(0), all of them ready."""

import asyncio
import gc
import time

import measure


async def switch(tasks, n):
    rounds = -(-n // tasks)
    counting = done = False

    async def take_turns():
        steps = 0
        while not done:
            if counting:
                steps += 1
            await asyncio.sleep(0)
        return steps

    others = [asyncio.create_task(take_turns()) for _ in range(tasks - 1)]
    for _ in range(2):  # all have begun
        await asyncio.sleep(0)
    counting = True
    gc.collect()  # as Go's rows do, for what was made not to be measured
    began = time.perf_counter_ns()
    for _ in range(rounds):
        await asyncio.sleep(0)
    ns = time.perf_counter_ns() - began
    done = True
    for task in others:
        steps = await task
        measure.check(steps == rounds, f"a task took {steps} turns, want {rounds}")
    return rounds * tasks, ns


flags = measure.parser(__doc__)
flags.add_argument("tasks", type=int)
args = flags.parse_args()
measure.repeat(args, lambda n: switch(args.tasks, n))
