"""Signals at many moments of tasks: statuses, lines, and what is left.

    python tests/campaign/signals.py [moments]

Each of inspect, plan, diff and migrate gets SIGINT and SIGTERM at so many moments (100 by default)
from start-up to its end. It has to end with 130 or 143, or with its own status where it was done,
with one line at most, and to leave nothing in TMPDIR or beside the output, which is old or whole.
A signal while Python itself starts, before any module of the package, is Python's to answer.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

from tf1compat.checkpoint import write_checkpoint

MODEL = """import keras
def build():
    return keras.Sequential([keras.layers.Input((64,)), keras.layers.Dense(64, name="fc")])
"""
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}
SOURCE = ["--checkpoint=m", "--model=mm:build"]
TASKS = {
    "inspect": ["inspect", "--checkpoint=m", "--health"],
    "plan": ["plan", *SOURCE],
    "diff": ["diff", "--checkpoint=m", "--other=m"],
    "migrate": ["migrate", *SOURCE, "--output=out/o.weights.h5"],
}


def prepare():
    """Writes what the tasks read into the working directory."""
    write_checkpoint(
        "m", {"fc/weights": np.ones((64, 64), np.float32), "fc/biases": np.zeros(64, np.float32)}
    )
    with open("mm.py", "w", encoding="utf-8") as file:
        file.write(MODEL)
    os.makedirs("out", exist_ok=True)
    os.makedirs("tmp", exist_ok=True)


def start(task):
    env = {**os.environ, "TMPDIR": os.path.abspath("tmp"), "CUDA_VISIBLE_DEVICES": ""}
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tf1compat", *TASKS[task]]
    return subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True)


def faults(task, number, *, moment):
    """Returns what is wrong with how a task ends that gets a signal after `moment` seconds."""
    run = start(task)
    time.sleep(moment)
    run.send_signal(number)
    _, errors = run.communicate(timeout=120)
    found = []
    early = run.returncode == -number or "site" in errors or "runpy" in errors
    if run.returncode not in (0, SIGNALS[number]) and not early:
        found.append(f"status {run.returncode}")
    if len(errors.splitlines()) > 1 and not early:
        found.append(f"lines {errors!r}")
    left = [*os.listdir("tmp"), *(name for name in os.listdir("out") if name != "o.weights.h5")]
    if left:
        found.append(f"left {left}")
    return found


def length(task):
    """Returns how many seconds a task takes that is left alone."""
    begin = time.monotonic()
    start(task).communicate()
    return time.monotonic() - begin


def campaign(moments, tasks=tuple(TASKS)):
    """Returns the faults found, each with its task, signal and moment."""
    found = []
    for task in tasks:
        whole = length(task)
        for place in range(moments):
            number = list(SIGNALS)[place % 2]
            moment = whole * place / moments
            wrong = faults(task, number, moment=moment)
            found += [(task, number.name, round(moment, 3), one) for one in wrong]
    return found


def main():
    moments = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        prepare()
        found = campaign(moments)
        os.chdir("/")
    print(json.dumps({"moments": moments * len(TASKS), "faults": found}, indent=1))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
