"""Kills the writers of `tf1compat.checkpoint` at every file operation, and at random moments.

    python tests/campaign/kills.py           # each writer at all operations, or --every=3
    python tests/campaign/kills.py --full    # and 40 times at random each

After each kill the output must be the old one or the new one, complete, and running the writer
again must give the new one and leave nothing of the killed run.
"""

from __future__ import annotations

import argparse
import builtins
import errno
import functools
import hashlib
import io
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import unittest.mock
from collections.abc import Callable, Collection
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

from tf1compat.checkpoint import (  # noqa: E402
    open_checkpoint,
    staged_file,
    tensor_digest,
    update_checkpoint_state,
    write_checkpoint,
)
from tf1compat.checkpoint.checkpoint_writers import write_planned  # noqa: E402
from tf1compat.checkpoint.containers import CONTAINERS  # noqa: E402
from tf1compat.checkpoint.surgery import planned  # noqa: E402
from tf1compat.errors import CheckpointExistsError, CheckpointNotFoundError  # noqa: E402

OPERATIONS = ("open", "close", "fsync", "replace", "unlink", "listdir", "lstat", "stat", "kill")
OPERATIONS += ("mkdir", "rmdir", "link", "fstat", "fchmod", "scandir")
ITEMS = {
    "a/kernel": np.arange(60_000, dtype=np.float32).reshape(300, 200),
    "a/bias": np.arange(200, dtype=np.float64),
    "s": np.array([b"one", b""], object),
}
NUMBERS = {name: value for name, value in ITEMS.items() if value.dtype != object}
OLD, NEW = b"old" * 9999, b"new" * 99999
Left = frozenset[tuple[str, str]]
_RANDOM = re.compile("[0-9a-f]{16,}")  # parts of the names of what is staged


class Writer(NamedTuple):
    """A writer under test: how to prepare a folder, write into it, and judge what is there."""

    name: str
    prepare: Callable[[str], None]
    write: Callable[[str], None]
    state: Callable[[str], str]  # "old" or "new"; raises where it is neither
    files: frozenset[str]  # what the folder holds in the end


def _nothing(folder: str) -> None:
    """Prepares nothing."""


def _write_bundle(folder: str) -> None:
    write_checkpoint(os.path.join(folder, "m"), ITEMS, num_shards=2)


def _write_renamed_bundle(folder: str) -> None:
    """Writes as on filesystems that have no links."""
    with unittest.mock.patch.object(os, "link", side_effect=OSError(errno.EPERM, "no links here")):
        _write_bundle(folder)


def _write_bundle_with_graph(folder: str) -> None:
    write_checkpoint(os.path.join(folder, "m"), ITEMS, num_shards=2, graph=NEW)


def _bundle_and_graph(folder: str) -> str:
    """Returns the state of the bundle, which has its graph beside it as soon as it is there."""
    state = _bundle_state(folder)
    if state == "new":
        with open(os.path.join(folder, "m.meta"), "rb") as file:
            if file.read() != NEW:
                raise ValueError("another graph")
    return state


def _saved_model(folder: str) -> None:
    """Prepares a SavedModel, as far as it is copied."""
    os.makedirs(os.path.join(folder, "from", "assets"))
    os.mkdir(os.path.join(folder, "from", "variables"))
    for name in ("saved_model.pb", os.path.join("assets", "words.txt")):
        with open(os.path.join(folder, "from", name), "wb") as file:
            file.write(OLD)
    write_checkpoint(os.path.join(folder, "from", "variables", "variables"), ITEMS)


def _write_saved_model(folder: str) -> None:
    source = open_checkpoint(os.path.join(folder, "from", "variables", "variables"))
    CONTAINERS["saved_model"].write(source, os.path.join(folder, "to"), ITEMS.items())


def _saved_model_state(folder: str) -> str:
    if not os.path.lexists(os.path.join(folder, "to")):
        return "old"
    for name in ("saved_model.pb", os.path.join("assets", "words.txt")):
        with open(os.path.join(folder, "to", name), "rb") as file:
            if file.read() != OLD:
                raise ValueError(f"not complete: {name}")
    left = set(os.listdir(os.path.join(folder, "to", "variables")))
    if len(left) != 3:
        raise ValueError(f"within it {sorted(left)}")
    shutil.copytree(os.path.join(folder, "to", "variables"), os.path.join(folder, "seen"))
    try:
        for name in left:
            renamed = name.replace("variables", "m")
            os.rename(os.path.join(folder, "seen", name), os.path.join(folder, "seen", renamed))
        return _bundle_state(os.path.join(folder, "seen"))
    finally:
        shutil.rmtree(os.path.join(folder, "seen"))


def _bundle_state(folder: str) -> str:
    try:
        checkpoint = open_checkpoint(os.path.join(folder, "m"))
    except CheckpointNotFoundError:
        return "old"
    if checkpoint.check() or set(checkpoint) != set(ITEMS):
        raise ValueError(f"not complete: {checkpoint.check()}")
    for name, value in ITEMS.items():
        if _told(checkpoint[name].read()) != _told(value):
            raise ValueError(f"another value: {name}")
    return "new"


def _told(value: np.ndarray) -> tuple[str, tuple[int, ...], str]:
    """Returns what tells values apart without TensorFlow, which each fork would have to carry."""
    return value.dtype.name, value.shape, tensor_digest(value)


def _write_old(folder: str) -> None:
    with open(os.path.join(folder, "f"), "wb") as file:
        file.write(OLD)


def _write_file(folder: str) -> None:
    with staged_file(os.path.join(folder, "f")) as path, open(path, "wb") as file:
        file.write(NEW)


def _file_state(folder: str) -> str:
    with open(os.path.join(folder, "f"), "rb") as file:
        return {OLD: "old", NEW: "new"}[file.read()]


def _old_state(folder: str) -> None:
    update_checkpoint_state(folder, "m-1")


def _write_state(folder: str) -> None:
    update_checkpoint_state(folder, "m-2", every=("m-1", "m-2"))


def _state_state(folder: str) -> str:
    with open(os.path.join(folder, "checkpoint")) as file:
        lines = file.read().splitlines()
    return {2: "old", 3: "new"}[len(lines)]


def _source(folder: str) -> None:
    write_checkpoint(os.path.join(folder, "source"), NUMBERS)


def _write_planned(name: str, folder: str) -> None:
    tensors = planned(open_checkpoint(os.path.join(folder, "source")))
    write_planned(os.path.join(folder, name), tensors)


def _planned_state(name: str, folder: str) -> str:
    if not any(os.path.lexists(os.path.join(folder, name + end)) for end in ("", ".index")):
        return "old"
    found = open_checkpoint(os.path.join(folder, name))
    if {key: _told(entry.read()) for key, entry in found.items()} != {
        key: _told(value) for key, value in NUMBERS.items()
    }:
        raise ValueError("other values")
    return "new"


SOURCE = ("source.index", "source.manifest.json", "source.data-00000-of-00001")
BUNDLE = ("m.index", "m.manifest.json", "m.data-00000-of-00002", "m.data-00001-of-00002")
ONE = ("m.index", "m.manifest.json", "m.data-00000-of-00001")
PLANNED = {"m.safetensors": ["m.safetensors"], "m.npz": ["m.npz"], "m": ONE}
WRITERS = (
    Writer("write_checkpoint", _nothing, _write_bundle, _bundle_state, frozenset(BUNDLE)),
    Writer(
        "write_checkpoint without links",
        _nothing,
        _write_renamed_bundle,
        _bundle_state,
        frozenset(BUNDLE),
    ),
    Writer(
        "write_checkpoint with a graph",
        _nothing,
        _write_bundle_with_graph,
        _bundle_and_graph,
        frozenset({*BUNDLE, "m.meta"}),
    ),
    Writer(
        "a SavedModel with other values",
        _saved_model,
        _write_saved_model,
        _saved_model_state,
        frozenset({"from", "to"}),
    ),
    *(
        Writer(
            f"a checkpoint as {name}",
            _source,
            functools.partial(_write_planned, name),
            functools.partial(_planned_state, name),
            frozenset({*files, *SOURCE}),
        )
        for name, files in PLANNED.items()
    ),
    Writer("staged_file", _write_old, _write_file, _file_state, frozenset({"f"})),
    Writer(
        "update_checkpoint_state", _old_state, _write_state, _state_state, frozenset({"checkpoint"})
    ),
)


class Killer:
    """Counts file operations, and kills the process at one of them; -1 for none."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0

    def tick(self) -> bool:
        """Counts; tells whether this is the one."""
        self.count += 1
        return self.count - 1 == self.at

    def strike(self) -> None:
        """Does what is to be done at the one."""
        signal.raise_signal(signal.SIGKILL)

    def install(self) -> None:
        """Puts itself before the operations of `os`, and below what `open` returns."""
        for name in OPERATIONS:
            setattr(os, name, self._wrapped(getattr(os, name)))
        builtins.open = self._open  # type: ignore[assignment]

    def _wrapped(self, function: Callable) -> Callable:
        def wrapper(*arguments, **options):
            if self.tick():
                self.strike()
            return function(*arguments, **options)

        return wrapper

    def _open(self, path, mode="r", **options):
        if "r" in mode:
            return io.open(path, mode, **options)  # noqa: UP020
        raw = Raw(path, mode.replace("b", ""))
        raw.killer = self
        if self.tick():
            self.strike()
        buffered = io.BufferedWriter(raw, 1 << 16)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding="utf-8")


class Raw(io.FileIO):
    """A file whose writes are operations that may be cut in half by a kill."""

    killer: Killer

    def write(self, data):
        if self.killer.tick():
            super().write(bytes(data)[: len(data) // 2])
            self.killer.strike()
        return super().write(data)


def in_child(run: Callable[[], None]) -> int:
    """Runs in a forked process; returns its exit status, negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        try:
            run()
        except BaseException as error:
            print(f"  in the child: {error!r}", flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(writer: Writer, at: int) -> tuple[int, str]:
    """Kills a writer at one of its operations; returns its exit status and what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        writer.prepare(folder)

        def run() -> None:
            Killer(at).install()
            writer.write(folder)

        status = in_child(run)
        return status, judge(writer, folder)


def killed_after(writer: Writer, seconds: float) -> str:
    """Kills a writer after some time; returns what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        writer.prepare(folder)
        child = os.fork()
        if child == 0:
            writer.write(folder)
            os._exit(0)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return judge(writer, folder)


def left_by(folder: str, outputs: Collection[str]) -> Left:
    """Returns what stands in a folder: of outputs the bytes, of what is beside them the sizes.

    Most operations only look at files: what is left at the next is what was left at this one, and
    need not be judged again.

    Args:
      folder: where something was written.
      outputs: names of what it holds in the end.
    """
    found = set()
    for base, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(base, name)
            where = os.path.relpath(path, folder)
            said = str(os.lstat(path).st_size)
            if where.partition(os.sep)[0] in outputs and os.path.isfile(path):
                with open(path, "rb") as file:
                    said = hashlib.sha256(file.read()).hexdigest()
            found.add((_RANDOM.sub("*", where), said))
    return frozenset(found)


def judge(writer: Writer, folder: str) -> str:
    """Returns what is wrong with what a killed writer left, or with writing again; else ""."""
    try:
        state = writer.state(folder)
        try:
            writer.write(folder)
        except CheckpointExistsError:
            if state != "new":
                return "a checkpoint that isn't there is in the way"
        if writer.state(folder) != "new":
            return "written again, it is still the old one"
    except Exception as error:
        return f"{error!r}, folder holds {sorted(os.listdir(folder))}"
    left = set(os.listdir(folder)) - writer.files
    return f"left behind: {sorted(left)}" if left else ""


def at_every_operation(writer: Writer, step: int = 1) -> tuple[int, list[str]]:
    """Returns how many operations a writer has, and what was wrong after a kill at which."""
    bad: list[str] = []
    for at in range(0, 1000, step):
        status, wrong = killed_at(writer, at)
        if wrong:
            bad.append(f"{writer.name} killed at operation {at}: {wrong}")
        if status == 0:
            return at, bad
        if status != -signal.SIGKILL:
            bad.append(f"{writer.name} ended with {status} at operation {at}")
    return 1000, [*bad, f"{writer.name} never ends"]


def at_random(writer: Writer, count: int, seed: int) -> list[str]:
    """Returns what was wrong after `count` kills at random moments of a writer's life."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        writer.prepare(folder)
        start = time.perf_counter()
        in_child(lambda: writer.write(folder))
        span = 1.5 * (time.perf_counter() - start)
    found = (killed_after(writer, rng.random() * span) for _ in range(count))
    return [f"{writer.name} killed at random: {wrong}" for wrong in found if wrong]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="40 kills at random for each, too")
    parser.add_argument("--seed", type=int, default=1155)
    parser.add_argument("--every", type=int, default=1, help="kill at each so many operations")
    options = parser.parse_args()
    failures: list[str] = []
    for writer in WRITERS:
        count, bad = at_every_operation(writer, options.every)
        where = f"1 in {options.every} of {count} operations"
        print(f"{writer.name}: killed at {where}, {len(bad)} bad")
        failures += bad
        if options.full:
            bad = at_random(writer, 40, options.seed)
            print(f"{writer.name}: killed 40 times at random, {len(bad)} bad")
            failures += bad
    print("\n".join(failures[:30]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
