# Starts as many asyncio tasks as it is told, and prints how many bytes of resident
# memory each takes while all of them wait. memory.go runs it.
import asyncio
import platform
import resource
import sys


def peak():
    """Resident memory at most, in bytes; as cost.WatchRSS reads it."""
    if sys.platform == "linux":  # getrusage would tell of the parent, too
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


async def wait(gate, waiting):
    waiting.append(None)
    await gate.wait()


async def main(n):
    gate, waiting = asyncio.Event(), []
    before = peak()
    tasks = [asyncio.create_task(wait(gate, waiting)) for _ in range(n)]
    while len(waiting) < n:
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    print((peak() - before) // n, platform.python_version(), flush=True)
    gate.set()
    await asyncio.gather(*tasks)


asyncio.run(main(int(sys.argv[1])))
