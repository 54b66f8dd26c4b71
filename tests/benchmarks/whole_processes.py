"""Whole processes, measured: wall time, processor time and peak memory, in turns.

The package's bytecode is made first, as `pip install` makes it: NumPy's, Keras' and everybody
else's is there as well, also where PYTHONDONTWRITEBYTECODE keeps Python from writing any.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Taken(NamedTuple):
    """What a process took: seconds by the wall's clock and of processors, and MB at its peak."""

    wall: float
    cpu: float
    peak: float


def compile_package() -> None:
    compileall.compile_dir(os.path.join(ROOT, "tf1compat"), quiet=2)


def environment(*paths: str) -> dict[str, str]:
    return {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": os.pathsep.join([ROOT, *paths]),
    }


def taken(command: Sequence[str], *paths: str) -> Taken:
    """Runs Python with some arguments; `paths` are put on its path."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(*paths),
        cwd=ROOT,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{command}: exited with {process.returncode}")
    return Taken(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)


def in_turns(runs: Mapping[str, Callable[[], Taken]], repeat: int) -> dict[str, list[Taken]]:
    """Does each run in turn, so often; after each has been done once, unmeasured."""
    for run in runs.values():
        run()
    found: dict[str, list[Taken]] = {name: [] for name in runs}
    for _ in range(repeat):
        for name, run in runs.items():
            found[name].append(run())
    return found


def report(found: Mapping[str, Sequence[Taken]], *, base: str) -> None:
    """Prints medians, and ratios to `base`: of the medians, and the median of the pairs'."""
    for name, every in found.items():
        wall, cpu, peak = (statistics.median(one) for one in zip(*every, strict=True))
        print(f"{name}: {wall:.3f} s, processors {cpu:.3f} s, peak {peak:.0f} MB")
        if name == base:
            continue
        for what in ("wall", "cpu"):
            ours, theirs = ([getattr(one, what) for one in of] for of in (every, found[base]))
            pairs = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
            middle = statistics.median(ours) / statistics.median(theirs)
            print(f"  {what}: {middle:.2f} times of {base!r}; median of the pairs {pairs:.2f}")
