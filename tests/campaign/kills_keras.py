"""Kills the writers of Keras files at file operations, and at random moments.

    python tests/campaign/kills_keras.py           # each format at --every ninth operation
    python tests/campaign/kills_keras.py --formats=m.tflite,m.savedmodel
    python tests/campaign/kills_keras.py --full    # at every operation, and 15 times at random

After each kill the file must be the old one or the new one, complete by its own digests, and
writing again must give the new one and leave nothing of the killed run. Each run is a fork of this
process, which imports TensorFlow, and Orbax where it is installed, and runs nothing of either: what
has their threads survives no fork. So outputs are read in forks, too.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence

import numpy as np
from kills import OPERATIONS, Killer, Left, in_child, left_by

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import gc
import importlib.util

import keras

from tf1compat.checkpoint import tensor_digest
from tf1compat.keras3 import build_model, export_weights, index_model, read_exported

ORBAX = "m.orbax"
STREAMED = ("m.weights.h5", "m.keras", "m.safetensors", "m.safetensors.d")
FORMATS = (
    *STREAMED,
    # TensorFlow runs functions for these, and may wait forever in a fork of where it ran before.
    *("m.tf2ckpt", "m.savedmodel", "m.tflite", ORBAX),
)
OLD, NEW = 1.0, 2.0


class KerasKiller(Killer):
    """Counts positioned writes too, by which values are streamed."""

    def install(self) -> None:
        """Puts itself before the operations of `os`."""
        super().install()
        for name in {"pwrite", "write", "ftruncate"} - set(OPERATIONS):
            setattr(os, name, self._wrapped(getattr(os, name)))


def _model() -> keras.Model:
    layers = [keras.layers.Dense(64, name=f"layer_{n}") for n in range(4)]
    return keras.Sequential([keras.layers.Input((64,)), *layers])


def formats(names: Sequence[str]) -> list[str]:
    """Returns those that are installed here, and imports Orbax, which takes seconds, for all forks.

    Args:
      names: of outputs.
    """
    if ORBAX not in names:
        return list(names)
    if importlib.util.find_spec("orbax") is None:
        print(f"{ORBAX}: skipped, Orbax isn't installed here")
        return [name for name in names if name != ORBAX]
    from orbax.checkpoint import v1  # noqa: F401

    return list(names)


MODEL = build_model(_model)  # its weights without values: nothing of TensorFlow runs before a fork


def _write(path: str, value: float) -> None:
    export_weights(MODEL, path, lambda w: np.full(w.shape, value, np.float32))


def _made_of(value: float) -> dict[str, str]:
    """Returns the digests of a model of one value, as a program's manifest has them."""
    index = index_model(MODEL)
    return {p: tensor_digest(np.full(w.shape, value, np.float32)) for p, w in index.items()}


def _state(path: str) -> float:
    """Returns of which value an output is made, as a fork reads it; ValueError where it is of none.

    What is told is a line, or, of what is neither old nor new, why.
    """
    reading, writing = os.pipe()

    def tell() -> None:
        try:
            said = str(_read_state(path))
        except Exception as error:
            said = repr(error)
        os.write(writing, said.encode())

    status = in_child(tell)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    if status or said not in (str(OLD), str(NEW)):
        raise ValueError(said or f"reading it ended with {status}")
    return float(said)


def _read_state(path: str) -> float:
    exported = read_exported(path)
    damage = exported.damage()
    if exported.manifest is not None and not len(exported):  # a program
        found = {one.name: one.sha256 for one in exported.manifest.tensors}
        known = [value for value in (OLD, NEW) if found == _made_of(value)]
        if damage or not known:
            raise ValueError(f"neither old nor new: {damage}")
        return known[0]
    values = {float(v) for array in exported.values() for v in np.unique(array.read())}
    if damage or len(values) != 1 or len(exported) != 8:
        raise ValueError(f"neither old nor new: {damage or values}")
    return values.pop()


def _judge(path: str) -> str:
    """Returns what is wrong with what a killed run left, or with writing again; else ""."""
    try:
        _state(path)
        if in_child(lambda: _write(path, NEW)) or _state(path) != NEW:
            return "can't be written again"
    except Exception as error:
        return repr(error)
    left = set(os.listdir(os.path.dirname(path))) - {os.path.basename(path)}
    return f"left behind: {sorted(left)}" if left else ""


def _copied(old: str, folder: str) -> str:
    """Returns the path of a copy of a file or folder."""
    path = os.path.join(folder, os.path.basename(old))
    if os.path.isdir(old):
        return shutil.copytree(old, path)
    return shutil.copy(old, path)


def _killed_at(old: str, at: int, judged: set[Left]) -> tuple[int, str]:
    """Kills a writer; returns how it ended, and what is wrong, if that wasn't `judged` before."""
    with tempfile.TemporaryDirectory() as folder:
        path = _copied(old, folder)

        def run() -> None:
            KerasKiller(at).install()
            _write(path, NEW)

        status, left = in_child(run), left_by(folder, [os.path.basename(path)])
        if left in judged:
            return status, ""
        judged.add(left)
        return status, _judge(path)


def _killed_after(old: str, seconds: float) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = _copied(old, folder)
        child = os.fork()
        if child == 0:
            _write(path, NEW)
            os._exit(0)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return _judge(path)


def _campaign(old: str, step: int, randoms: int) -> list[str]:
    name = os.path.basename(old)
    bad, at, judged = [], 0, set[Left]()
    while True:
        status, wrong = _killed_at(old, at, judged)
        if wrong or status not in (0, -signal.SIGKILL):
            bad.append(f"{name} killed at operation {at}: {wrong or status}")
        if status != -signal.SIGKILL:
            break
        at += step
    killed = f"{at // step} of {at} operations, which left {len(judged)} different states"
    print(f"{name}: killed at {killed}, {len(bad)} bad", flush=True)
    start = time.perf_counter()
    in_child(lambda: _write(old, OLD))
    span = 1.2 * (time.perf_counter() - start)
    rng = random.Random(1155)
    found = [w for w in (_killed_after(old, rng.random() * span) for _ in range(randoms)) if w]
    print(f"{name}: killed {randoms} times at random, {len(found)} bad", flush=True)
    return [*bad, *(f"{name} killed at random: {wrong}" for wrong in found)]


def main() -> int:
    """Runs the campaign; returns 1 if any kill did harm."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="every operation, and random ones")
    parser.add_argument("--every", type=int, default=9, help="kill at each so many operations")
    parser.add_argument("--formats", default=",".join(FORMATS), help="names of outputs")
    options = parser.parse_args()
    full, every = options.full, options.every
    names = formats(options.formats.split(","))
    gc.freeze()  # so that a fork shares the libraries' memory rather than copies it
    failures = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            old = os.path.join(folder, name)
            if in_child(lambda old=old: _write(old, OLD)):
                return 1
            failures += _campaign(old, 1 if full else every, 15 if full else 5)
    print("\n".join(failures[:30]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
