"""Readers, each of whose file operations fails: what they give, and what they say."""

from __future__ import annotations

import ast
import errno
import os
import tempfile
from collections.abc import Callable, Iterator

import kills
from failing import READING, Failer, Told, in_child

from tf1compat.checkpoint import open_checkpoint, read_meta
from tf1compat.errors import Tf1CompatError
from tf1compat.names import load_rules

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read_checkpoint(path: str) -> list[str]:
    """Returns what a checkpoint holds, in words."""
    checkpoint = open_checkpoint(path)
    damage = checkpoint.check()
    if damage:
        raise Tf1CompatError(str(damage[0]))
    return [f"{name} {kills.tensor_digest(checkpoint[name].read())}" for name in checkpoint]


def readers(full: bool) -> Iterator[tuple[str, str, Callable[[str], object]]]:
    """Yields readers: what they read, its path, and what reads it."""
    data, goldens = (os.path.join(TESTS, *to) for to in (("checkpoint", "testdata"), ("goldens",)))
    trained = os.path.join(data, "trained", "model.ckpt-3")
    yield "a V2 checkpoint", trained, read_checkpoint
    yield "a V1 checkpoint", os.path.join(data, "sharded_v1", "model.ckpt-7"), read_checkpoint
    yield "a folder", os.path.join(data, "object_based"), read_checkpoint
    yield "a graph", f"{trained}.meta", lambda path: len(read_meta(path).variables)
    yield "a SavedModel", os.path.join(goldens, "saved_model"), read_checkpoint
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, "r.toml")
        with open(rules, "w", encoding="utf-8") as file:
            file.write("rules = [{source='a', target='b'}]")
        yield "rules", rules, lambda path: len(load_rules(path).apply(["a"]).problems)
        if full:
            yield from _keras_readers(folder)


def _keras_readers(folder: str) -> Iterator[tuple[str, str, Callable[[str], object]]]:
    import kills_keras
    import numpy as np

    from tf1compat.migration import load_recording

    for name in kills_keras.STREAMED:
        path = os.path.join(folder, name)
        kills.in_child(lambda path=path: kills_keras._write(path, kills_keras.OLD))
        yield name, path, _read_exported
    path = os.path.join(folder, "r.npz")
    np.savez_compressed(path, **{"in/x": np.ones(9, np.float32), "out/y": np.ones(9, np.float32)})
    yield "a recording", path, lambda path: str(load_recording(path))


def _read_exported(path: str) -> dict[str, float]:
    from tf1compat.keras3 import read_exported

    exported = read_exported(path)
    damage = exported.damage()
    if damage:
        raise Tf1CompatError(f"{path}: {damage[0]}")
    return {array_path: float(array.read().max()) for array_path, array in exported.items()}


def reading_at_operations(
    name: str, path: str, read: Callable[[str], object], *, number: int, step: int = 1
) -> tuple[int, list[str]]:
    """Returns how many operations reading has, and what is wrong where one fails."""
    bad: list[str] = []
    truth = _truth(path, read)
    for at in range(0, 2000, step):
        told, reached = _reading_fails(lambda: read(path) == truth, at, number=number)
        where = f"{name}, {errno.errorcode[number]} at operation {at}"
        if told.how not in ("written", "told"):
            bad.append(f"{where}: {told}")
        elif told.how == "told" and os.path.basename(path) not in told.message:
            bad.append(f"{where}: names no file: {told}")
        if not reached:
            return at, bad
    return 2000, bad


def _truth(path: str, read: Callable[[str], object]) -> object:
    """Returns what a child reads, since what is imported is imported by it alone."""
    reading, writing = os.pipe()
    kills.in_child(lambda: os.write(writing, repr(read(path)).encode()) and None)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return ast.literal_eval(pipe.read())


def _reading_fails(same: Callable[[], bool], at: int, *, number: int) -> tuple[Told, bool]:
    """Has one operation of reading fail; returns how that ended, and whether there is such one."""
    reading, writing = os.pipe()
    failer, tell = Failer(at, number=number, names=READING), os.write

    def run() -> None:
        failer.install()
        try:
            if not same():
                raise ValueError("other values")
        finally:
            tell(writing, b"1" if failer.count > at else b"0")

    told = in_child(run)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return told, pipe.read() == b"1"
