# Runs the programs that are named, each as if it were alone in its interpreter, and prints what each of them
# printed: {"name": {"out": "...", "err": "...", "status": 0}, ...}
import asyncio, concurrent.futures.thread, contextlib, threading, time  # what they import, once for all
import json
import os
import runpy
import subprocess
import sys
import tempfile


def forked(path):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            runpy.run_path(path, run_name="__main__")
            sys.exit()
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return {"out": out.read().decode(), "err": err.read().decode(), "status": status}


def started(path):
    child = subprocess.run([sys.executable, "-I", path], capture_output=True, text=True)
    return {"out": child.stdout, "err": child.stderr, "status": child.returncode}


run = forked if hasattr(os, "fork") else started
print(json.dumps({name: run(name + ".py") for name in sys.argv[1:]}))
