"""The Python side of the phrasebook.

    python3 docs/code/phrasebook/python NAME...   runs programs, as they are
    python3 docs/code/phrasebook/python           lists their names

With -json, all programs that the lines of the standard input name are run, each
behind the word "virtual" or "real". What they print is written as one JSON object, by
their names. Where the time is virtual nobody waits: it jumps to when the next thing is
due.
"""

import contextlib
import io
import json
import selectors
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True  # the folder stays as it is


class Clock:
    """A clock that time.monotonic reads, and that time.sleep moves on."""

    def __init__(self):
        self.virtual = False
        self.now = 0.0
        self.monotonic, self.sleep = time.monotonic, time.sleep
        time.monotonic = lambda: self.now if self.virtual else self.monotonic()
        time.sleep = self.sleep_for

    def sleep_for(self, seconds):
        if self.virtual:
            self.now += seconds
        else:
            self.sleep(seconds)


class Selector(selectors.DefaultSelector):
    """The loop's selector: where it would wait for a timer it moves the clock on."""

    def select(self, timeout=None):
        if not clock.virtual or timeout is None or timeout <= 0:
            return super().select(timeout)
        if not (events := super().select(0)):
            clock.now += timeout
        return events


def output_of(name):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            run(name)
        except BaseException:
            traceback.print_exc(file=out)
    return out.getvalue()


if __name__ == "__main__":
    clock = Clock()
    selectors.DefaultSelector = Selector
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & ignores it

    from programs import programs, run

    if sys.argv[1:] == ["-json"]:
        outputs = {}
        for line in sys.stdin:
            kind, name = line.split()
            clock.virtual = kind == "virtual"
            outputs[name] = output_of(name)
        json.dump(outputs, sys.stdout)
    elif len(sys.argv) == 1:
        print(*programs, sep="\n")
    else:
        for name in sys.argv[1:]:
            run(name)
