"""What the scripts beside this one share: their flags, the choice of a loop, how long
something is measured for, and the line that the Go benchmark reads."""

import argparse
import asyncio
import json
import platform


def parser(description):
    flags = argparse.ArgumentParser(description=description)
    flags.add_argument("--seconds", type=float, default=0.2, help="measure for so long, at least")
    flags.add_argument("--uvloop", action="store_true", help="run on uvloop's loop in place of asyncio's")
    return flags


def runner(args):
    if not args.uvloop:
        return asyncio.Runner()
    import uvloop

    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def repeat(args, body):
    """Measures body(n), which does n operations at least, and returns how many and their
    nanoseconds. n grows as go test's b.N does, until they take long enough."""
    n = 1
    with runner(args) as loop:
        while True:
            done, ns = loop.run(body(n))
            if ns >= args.seconds * 1e9:
                break
            n = max(n + 1, min(100 * n, int(1.2 * n * args.seconds * 1e9 / max(ns, 1))))
    report(ops=done, ns=ns)


def report(**figures):
    print(json.dumps({"python": platform.python_version(), **figures}))


def check(ok, why):
    """Ends the script, with why, if its work was not what it was to be."""
    if not ok:
        raise SystemExit(why)
