"""Signals at many moments of tasks: statuses, lines, and what is left.

    python tests/campaign/signals.py [moments] [task...]

Each of the tasks gets SIGINT and SIGTERM at so many moments (100 by default)
from start-up to its end, and inspect at each of as many steps of its start-up (imports, files that
are opened, modules that are run). It has to end with 130 or 143, or with its own status, and all of
its output, where it was done; with one line at most, and to leave nothing in TMPDIR or beside the
output, which is old or whole. A death by the signal itself, silent, is a shell's 130 or 143, too.
A signal that came before the package's `__main__` began to run is Python's to answer, which is
looking for it still: each process says when that is. Of the tasks that take Keras, the first alone
imports it at its moments; the others are forks of a process that has (`warm.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import warm

from tf1compat.checkpoint import Partitioned, open_checkpoint, write_checkpoint

MODEL = """import keras
def build():
    return keras.Sequential([keras.layers.Input((64,)), keras.layers.Dense(64, name="fc")])
"""
# Runs before anything of the package. An audit hook hears of each import, of each file that is
# opened and of each module that is run: that `__main__` is run is told, and at one of the steps
# after it the process may signal itself.
WATCH = """
import os, sys
def _watch(told=int(os.environ["CAMPAIGN_TOLD"]), at=int(os.environ.get("CAMPAIGN_AT", "-1")),
           number=int(os.environ.get("CAMPAIGN_SIGNAL", "0")), pid=os.getpid(), kill=os.kill):
    step = -1
    def hook(event, args):
        nonlocal step
        if pid != os.getpid() or step > 10_000:
            return
        if step < 0:
            name = getattr(args[0], "co_filename", "") if event == "exec" else ""
            if name.endswith("tf1compat/__main__.py"):
                os.write(told, b"1")
                step = 0
        elif event in ("import", "open", "exec", "compile", "os.listdir"):
            step += 1
            if step - 1 == at:
                kill(pid, number)
    sys.addaudithook(hook)
_watch()
"""
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}
SOURCE = ["--checkpoint=m", "--model=mm:build"]
OUTPUT = "out/o.weights.h5"
OLD = b"what stood there before"
KERAS = {
    "plan": ["plan", *SOURCE],
    "migrate": ["migrate", *SOURCE, f"--output={OUTPUT}", "--overwrite"],
    "verify": ["verify", *SOURCE, "--output=good.weights.h5"],
    "back": ["back", *SOURCE, "--output=out/new", "--weights=good.weights.h5"],
    **{
        f"migrate {suffix}": ["migrate", *SOURCE, f"--output=out/new{suffix}"]
        for suffix in (".keras", ".safetensors", ".safetensors.d", ".tf2ckpt")
    },
}
TASKS = {
    "inspect": ["inspect", "--checkpoint=m", "--health"],
    "diff": ["diff", "--checkpoint=m", "--other=m"],
    **KERAS,
    "rename": ["rename", "m", "out/new", "--map=fc=other"],
    "cast": ["cast", "m", "out/new.safetensors", "--to=float16"],
    "drop-slots": ["drop-slots", "m", "out/new"],
    "merge": ["merge", "parts", "out/new"],
    "split": ["split", "m", "out/new", "--parts=4", "--variables=fc/weights"],
    "average": ["average", "m", "m", "out/new.npz"],
    "extract": ["extract", "m", "fc", "out/new"],
    "convert": ["convert", "m", "out/new.safetensors"],
}
WARM = frozenset(KERAS) - {"plan"}
NEW = "new"  # with what the names of all outputs begin that weren't there before


class Run(NamedTuple):
    """A task that was started; `told` is read for whether it has come to the package."""

    process: subprocess.Popen | warm.Warm
    told: int

    def ours(self) -> bool:
        """Tells whether the package's `__main__` has begun to run, by now."""
        try:
            return bool(os.read(self.told, 1))
        except BlockingIOError:
            return False


class Ended(NamedTuple):
    status: int
    out: str
    errors: str


def prepare() -> None:
    """Writes what the tasks read into the working directory."""
    write_checkpoint(
        "m", {"fc/weights": np.ones((64, 64), np.float32), "fc/biases": np.zeros(64, np.float32)}
    )
    for name, text in (("mm.py", MODEL), ("watch/sitecustomize.py", WATCH)):
        os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    os.makedirs("out", exist_ok=True)
    os.makedirs("tmp", exist_ok=True)
    rows = [((0, 0), np.ones((32, 64), np.float32)), ((32, 0), np.zeros((32, 64), np.float32))]
    write_checkpoint("parts", {"fc/weights": Partitioned((64, 64), rows)})
    # Ctrl-C is ignored by what a shell runs in the background, and by its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def prepare_migrated() -> None:
    """Writes what was migrated, and tasks that take that read."""
    end = ended(start("migrate"))
    if end.status:
        raise RuntimeError(end.errors)
    shutil.copy(OUTPUT, "good.weights.h5")


def start(task: str, **more: object) -> Run:
    with open(OUTPUT, "wb") as file:
        file.write(OLD)
    told, tells = os.pipe()
    os.set_blocking(told, False)
    path = os.pathsep.join(["watch", os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "TMPDIR": os.path.abspath("tmp"), "CUDA_VISIBLE_DEVICES": ""}
    env |= {"PYTHONPATH": path, "CAMPAIGN_TOLD": str(tells)}
    env |= {f"CAMPAIGN_{name.upper()}": str(value) for name, value in more.items()}
    if task in WARM:
        here = os.getcwd()
        process = warm.started(TASKS[task], folder=here, env=env, customize=WATCH)
        os.close(tells)
        return Run(process, told)
    pipe, command = subprocess.PIPE, [sys.executable, "-m", "tf1compat", *TASKS[task]]
    process = subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, pass_fds=[tells])
    os.close(tells)
    return Run(process, told)


def ended(run: Run) -> Ended:
    out, errors = run.process.communicate(timeout=120)
    os.close(run.told)
    return Ended(run.process.returncode, out.decode(), errors.decode())


def faults(task: str, number: int, *, moment: float, whole: Ended) -> list[str]:
    """Returns what is wrong with how a task ends that gets a signal after `moment` seconds."""
    run = start(task)
    time.sleep(moment)
    ours = run.ours()
    run.process.send_signal(number)
    end = ended(run)
    return [*(_ending(end, number, whole) if ours else ()), *_left(end)]


def faults_at_step(number: int, *, step: int, whole: Ended) -> list[str]:
    """Returns what is wrong with how inspect ends that gets a signal at a step of its start-up."""
    end = ended(start("inspect", at=step, signal=int(number)))
    return [*_ending(end, number, whole), *_left(end)]


def _ending(end: Ended, number: int, whole: Ended) -> list[str]:
    found: list[str] = []
    if end.status == -number and not end.out and not end.errors:
        return found
    if end.status not in (whole.status, SIGNALS[signal.Signals(number)]):
        found.append(f"status {end.status}")
    if end.status == whole.status and end.out != whole.out:
        found.append(f"status {end.status} with {len(end.out)} of {len(whole.out)} characters")
    if len(end.errors.splitlines()) > 1 or "Traceback" in end.errors:
        found.append(f"lines {end.errors!r}")
    return found


def _left(end: Ended) -> list[str]:
    """Returns what is wrong with what stands there after a task, and takes away what is new."""
    found, there = [], os.listdir("out")
    new = sorted(name for name in there if name.startswith(NEW))
    left = [*os.listdir("tmp"), *(set(there) - {os.path.basename(OUTPUT), *new})]
    if left:
        found.append(f"left {left}")
    with open(OUTPUT, "rb") as file:
        old = file.read() == OLD
    if not old and not _is_whole(OUTPUT):
        found.append("an output that is neither old nor whole")
    elif old and end.status == 0 and f"wrote {OUTPUT}" in end.out:
        found.append("success said, and the old output stands there")
    if new and not _is_whole(os.path.join("out", NEW if len(new) > 1 else new[0])):
        found.append(f"not whole: {new}")
    if not new and end.status == 0 and f"wrote out/{NEW}" in end.out:
        found.append("success said, and nothing is there")
    for name in (*left, *new):
        path = os.path.join("tmp" if name in os.listdir("tmp") else "out", name)
        subprocess.run(["rm", "-r", path], check=True)
    return found


def _is_whole(path: str) -> bool:
    """Tells whether an output can be read, all of it."""
    if path.endswith((".npz", NEW)):
        return not open_checkpoint(path).check()
    from tf1compat.keras3 import read_exported

    exported = read_exported(path)
    return not exported.damage() and len(exported) == 2


def timed(task: str) -> tuple[float, Ended]:
    """Returns how many seconds a task takes that is left alone, and how it ends."""
    begin = time.monotonic()
    end = ended(start(task))
    return time.monotonic() - begin, end


def campaign(moments: int, tasks: tuple[str, ...] = tuple(TASKS)) -> list[tuple]:
    """Returns the faults found, each with its task, signal and moment."""
    found: list[tuple] = []
    for task in tasks:
        seconds, whole = timed(task)
        for place in range(moments):
            number = list(SIGNALS)[place % 2]
            moment = seconds * place / moments
            wrong = faults(task, number, moment=moment, whole=whole)
            found += [(task, number.name, f"{moment:.3f} s", one) for one in wrong]
            for one in found[len(found) - len(wrong) :]:
                print(one, flush=True)
        print(f"{task}: {moments} moments in {seconds:.2f} s, {len(found)} faults", flush=True)
    return [*found, *at_steps(range(moments))]


def at_steps(
    steps: Sequence[int], numbers: Iterable[signal.Signals] = tuple(SIGNALS)
) -> list[tuple]:
    """Returns the faults found at these steps of start-up."""
    _, whole = timed("inspect")
    found = [
        (number.name, f"step {step}", one)
        for step in steps
        for number in numbers
        for one in faults_at_step(number, step=step, whole=whole)
    ]
    print(f"start-up: {len(steps)} steps, {len(found)} faults", flush=True)
    return found


def main() -> int:
    moments = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    chosen = tuple(sys.argv[2:]) or tuple(TASKS)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        prepare()
        if WARM & set(chosen):
            warm.imported()
        prepare_migrated()
        found = campaign(moments, chosen)
        os.chdir("/")
    print(json.dumps({"moments": moments * (len(chosen) + 2), "faults": found}, indent=1))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
