"""Prints asyncio's public names: those of asyncio.__all__, and the methods of its classes.

The loop is called loop here, and a process of a subprocess Process.
"""

import asyncio

CLASSES = {
    "Barrier": asyncio.Barrier,
    "Condition": asyncio.Condition,
    "Event": asyncio.Event,
    "Future": asyncio.Future,
    "Handle": asyncio.Handle,
    "Lock": asyncio.Lock,
    "Process": asyncio.subprocess.Process,
    "Queue": asyncio.Queue,
    "Runner": asyncio.Runner,
    "Semaphore": asyncio.Semaphore,
    "Server": asyncio.Server,
    "StreamReader": asyncio.StreamReader,
    "StreamWriter": asyncio.StreamWriter,
    "Task": asyncio.Task,
    "TaskGroup": asyncio.TaskGroup,
    "Timeout": asyncio.Timeout,
    "TimerHandle": asyncio.TimerHandle,
    "loop": asyncio.AbstractEventLoop,
}


BASES = {asyncio.Task: asyncio.Future, asyncio.TimerHandle: asyncio.Handle}


def methods(cls):
    inherited = dir(BASES.get(cls, object))
    return [n for n in dir(cls) if not n.startswith("_") and n not in inherited]


names = {*asyncio.__all__, "TaskGroup"}  # which 3.11 has, but not in __all__
for name, cls in CLASSES.items():
    names |= {f"{name}.{method}" for method in methods(cls)}
print(*sorted(names), sep="\n")
