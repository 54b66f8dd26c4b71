"""Tasks of the command that campaigns run, what they read, and what no ending of theirs shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import warm

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL = """import keras
def build():
    return keras.Sequential([keras.layers.Input((64,)), keras.layers.Dense(64, name="fc")])
"""
OLD = b"what stood there before"
SOURCE = ("--checkpoint=m", "--model=mm:build")
VERIFIED = "good.weights.h5"
LIGHT = {
    "inspect": ("inspect", "--checkpoint=m", "--health"),
    "diff": ("diff", "--checkpoint=m", "--other=n"),
    "convert": ("convert", "--checkpoint=m", "--output=out/new.safetensors"),
}
HEAVY = {
    "plan": ("plan", *SOURCE),
    "migrate": ("migrate", *SOURCE, "--output=out/o.weights.h5", "--overwrite"),
    "migrate .keras": ("migrate", *SOURCE, "--output=out/o.keras", "--overwrite"),
    "verify": ("verify", *SOURCE, f"--output={VERIFIED}"),
    "back": ("back", *SOURCE, f"--weights={VERIFIED}", "--output=out/new"),
}
TASKS = LIGHT | HEAVY
# What an end that was thought of never says; a line of TensorFlow's or absl's own is noise, too.
_UNFORESEEN = re.compile(
    "Traceback|unexpected [A-Z]|Exception ignored|Fatal Python|Segmentation|Warning: |WARNING:"
)


class Ended(NamedTuple):
    """How a task ended. `left` is what stands where nothing should."""

    status: int
    out: str
    errors: str
    left: tuple[str, ...] = ()


def prepare(folder: str) -> None:
    """Writes what the tasks read into a folder, where they are to be run."""
    from tf1compat.checkpoint import write_checkpoint

    rng = np.random.default_rng(1155)
    values = {"fc/weights": rng.normal(size=(64, 64)), "fc/biases": rng.normal(size=64)}
    for name, more in (("m", 0), ("n", 1)):
        arrays = {key: (value + more).astype(np.float32) for key, value in values.items()}
        write_checkpoint(os.path.join(folder, name), arrays)
    with open(os.path.join(folder, "mm.py"), "w", encoding="utf-8") as file:
        file.write(MODEL)
    for name in ("out", "tmp"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)


def around(folder: str, env: Mapping[str, str | None]) -> dict[str, str]:
    """Returns the environment of a task; a variable of `env` that is None is taken away."""
    path = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH", "")]))
    found = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": path}
    found |= {"TMPDIR": os.path.join(folder, "tmp"), **env}
    return {name: value for name, value in found.items() if value is not None}


def started(
    arguments: Sequence[str],
    *,
    folder: str,
    env: Mapping[str, str | None] | None = None,
    flags: Sequence[str] = (),
    within: Sequence[str] = (),
    **settings: Any,
) -> subprocess.Popen:
    """Starts the command.

    Args:
      arguments: of the command, from the task's name on.
      folder: where it runs.
      env: what is added to its environment, or, as None, taken away.
      flags: of Python.
      within: another command, that runs it.
      **settings: of `subprocess.Popen`.
    """
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [*within, sys.executable, *flags, "-m", "tf1compat", *arguments]
    return subprocess.Popen(
        command, env=around(folder, env or {}), **{"cwd": folder, **pipes, **settings}
    )


def ended(process: subprocess.Popen | warm.Warm, folder: str) -> Ended:
    """Waits for a task; returns how it ended."""
    out, errors = (data or b"" for data in process.communicate(timeout=180))
    found = [*_within(folder, "tmp"), *(n for n in _within(folder, "out") if ".tmp-" in n)]
    told = (data.decode("utf-8", "replace") for data in (out, errors))
    return Ended(process.returncode, *told, tuple(found))


_BEGINNINGS = re.compile(r"tf1compat|\d+ unfilled targets:\n")  # of an error, of what a plan asks


def unforeseen(end: Ended) -> list[str]:
    """Returns what is wrong with how a task ended, whatever it was to do."""
    found = []
    if not 0 <= end.status < 3:
        found.append(f"status {end.status}")
    if _UNFORESEEN.search(end.errors) or _UNFORESEEN.search(end.out):
        found.append(f"says {(end.errors or end.out)[-400:]!r}")
    if end.status and end.errors and not _BEGINNINGS.match(end.errors):
        found.append(f"failed and said {end.errors[-200:]!r}")
    if not end.status and end.errors:
        found.append(f"went well and said {end.errors[-200:]!r}")
    return [*found, *(f"left {name}" for name in end.left)]


def _within(folder: str, name: str) -> list[str]:
    place = os.path.join(folder, name)
    return sorted(os.listdir(place)) if os.path.isdir(place) else []
