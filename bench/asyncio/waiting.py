"""What a sleeping task takes: memory, and time over the sleep."""

import asyncio
import sys
import time

import measure


def peak_memory():
    """The memory that was resident at most, in bytes; 0 where it is not known. On Linux it
    is not getrusage's maximum, which is kept across exec and so may be that of the process
    that started this one."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except FileNotFoundError:
        pass
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


async def sleepers(tasks, seconds):
    sleeping = most = 0

    async def sleep():
        nonlocal sleeping, most
        sleeping += 1
        most = max(most, sleeping)
        await asyncio.sleep(seconds)
        sleeping -= 1

    before = peak_memory()
    began = time.perf_counter_ns()
    all_tasks = [asyncio.create_task(sleep()) for _ in range(tasks)]
    for task in all_tasks:
        await task
    ns = time.perf_counter_ns() - began
    measure.check(most == tasks, f"only {most} of {tasks} tasks slept at once: let them sleep longer")
    measure.report(ops=tasks, ns=ns, bytes=peak_memory() - before)


flags = measure.parser(__doc__)
flags.add_argument("tasks", type=int)
flags.add_argument("sleep", type=float, help="seconds")
args = flags.parse_args()
with measure.runner(args) as loop:
    loop.run(sleepers(args.tasks, args.sleep))
