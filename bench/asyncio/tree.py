"""The time of a tree of tasks: each node creates its children and waits for them, and each leaf
sleeps, or does nothing. The shape is that of pyperformance's async_tree."""

import asyncio
import time

import measure


async def trees(args, n):
    leaves = 0

    async def leaf():
        nonlocal leaves
        leaves += 1
        if args.sleep > 0:
            await asyncio.sleep(args.sleep)

    async def gather(levels):
        if levels == 0:
            return await leaf()
        await asyncio.gather(*[gather(levels - 1) for _ in range(args.branches)])

    async def task_group(levels):
        if levels == 0:
            return await leaf()
        async with asyncio.TaskGroup() as group:
            for _ in range(args.branches):
                group.create_task(task_group(levels - 1))

    node = task_group if args.form == "taskgroup" else gather
    if args.form == "eager":
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    await node(args.levels)  # the first touch of memory is not measured
    began = time.perf_counter_ns()
    for _ in range(n):
        await node(args.levels)
    ns = time.perf_counter_ns() - began
    want = (n + 1) * args.branches**args.levels
    measure.check(leaves == want, f"{leaves} leaves, want {want}")
    return n, ns


flags = measure.parser(__doc__)
flags.add_argument("form", choices=["gather", "taskgroup", "eager"])
flags.add_argument("levels", type=int)
flags.add_argument("branches", type=int)
flags.add_argument("sleep", type=float, help="seconds, at each leaf")
args = flags.parse_args()
measure.repeat(args, lambda n: trees(args, n))
