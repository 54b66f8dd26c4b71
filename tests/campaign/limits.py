"""Errors at every file operation, file-size limits, full disks and little memory.

    python tests/campaign/limits.py            # writers and readers of checkpoints, one error each
    python tests/campaign/limits.py --full     # Keras files too, and each of four errors

Each writer meets an error at each of its file operations, limits of the size of its files, a disk
with so many bytes left, and a folder for temporary files that is so full (the last two where this
system lets us mount one). It says "written", and all of the new output is there, or raises
one of the package's errors, which says what stands there: what stood there before, unless it was
the last step that failed. Writing again, without errors, gives the new one and leaves nothing.
Each reader meets the same errors, and gives what the file holds, or an error that names it.
"""

from __future__ import annotations

import argparse
import ast
import collections
import contextlib
import errno
import gc
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(os.path.dirname(HERE)), HERE]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import kills  # noqa: E402

from tf1compat.checkpoint import open_checkpoint, read_meta  # noqa: E402
from tf1compat.errors import Tf1CompatError  # noqa: E402
from tf1compat.files.output_errors import BEFORE  # noqa: E402
from tf1compat.names import load_rules  # noqa: E402

ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ESTALE)
WRITING = {*kills.OPERATIONS, "pwrite", "write", "ftruncate", "fchown", "rename", "scandir"} - {
    "kill"
}
READING = ("open", "stat", "lstat", "fstat", "pread", "preadv", "read", "listdir", "scandir")
MOUNTED = "CAMPAIGN_MOUNTED"  # set in the child that has mounts of its own
STEPS = 16  # sizes of files and disks that are tried
DISK = 4 << 20
TESTS = os.path.dirname(HERE)


class Told(NamedTuple):
    """How a child ended: "written", "told" with the message, or what it shouldn't."""

    how: str
    message: str


class Failer(kills.Killer):
    """Has one of the file operations fail; what an error of closing closes is closed."""

    def __init__(self, at: int, *, number: int, names: tuple[str, ...]) -> None:
        super().__init__(at)
        self.number, self.names = number, names

    def strike(self) -> None:
        raise OSError(self.number, os.strerror(self.number))

    def install(self) -> None:
        """Puts itself before the operations, and below what `open` returns for writing."""
        close = os.close
        for name in self.names:
            setattr(os, name, self._wrapped(getattr(os, name)))
        if "close" in self.names:
            os.close = lambda handle: (close(handle), self.tick() and self.strike())[0]
        if "write" in self.names:
            kills.builtins.open = self._open  # type: ignore[assignment]


def in_child(run: Callable[[], None]) -> Told:
    """Runs in a fork, which ends as programs do; returns how that went."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        code = 1
        tell = os.write
        try:
            try:
                run()
                said = "written"
            except Tf1CompatError as error:
                said = f"told {error}"
            except BaseException as error:
                said = f"RAW {error!r:.300}"
            tell(writing, said.encode("utf-8", "replace"))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    how, _, message = said.partition(" ")
    return Told(how if not status else f"DIED with {status} and said {how}", message)


def writers(keras_too: bool) -> Iterator[kills.Writer]:
    """Yields the writers under test."""
    yield from kills.WRITERS
    if keras_too:
        import kills_keras

        for name in kills_keras.FORMATS:
            yield _keras_writer(kills_keras, name)


def _keras_writer(kills_keras, name: str) -> kills.Writer:
    def at(folder: str) -> str:
        return os.path.join(folder, name)

    return kills.Writer(
        f"export {name}",
        lambda folder: (
            kills.in_child(lambda: kills_keras._write(at(folder), kills_keras.OLD)) and None
        ),
        lambda folder: kills_keras._write(at(folder), kills_keras.NEW),
        lambda folder: {1.0: "old", 2.0: "new"}[kills_keras._state(at(folder))],
        frozenset({name}),
    )


def tried(writer: kills.Writer, folder: str, run: Callable[[], None]) -> tuple[Told, str]:
    """Has a writer write in a child; returns how that ended, and what is wrong, or ""."""
    told = in_child(run)
    try:
        state = writer.state(folder)
    except Exception as error:
        return told, f"{told} leaves what is neither: {error!r:.200}; {os.listdir(folder)}"
    if told.how not in ("written", "told"):
        return told, f"{told}, {state} stands"
    if told.how == "written" and state != "new":
        return told, "written is said, and the old one stands"
    if told.how == "told" and BEFORE in told.message and state != "old":
        return told, f"the old one stands, it says, and the new one does: {told.message}"
    again = kills.judge(writer, folder)
    return told, f"{told}, then again: {again}" if again else ""


def at_operations(writer: kills.Writer, number: int, *, step: int = 1) -> tuple[int, list[str]]:
    """Returns how many operations there are, and what is wrong after an error at which."""
    bad: list[str] = []
    for at in range(0, 2000, step):
        with tempfile.TemporaryDirectory() as folder:
            writer.prepare(folder)
            reached: list[int] = []
            read, write = os.pipe()
            os.set_blocking(read, False)

            def run(at: int = at, folder: str = folder, write: int = write) -> None:
                failer = Failer(at, number=number, names=tuple(sorted(WRITING)))
                tell = os.write
                failer.install()
                try:
                    writer.write(folder)
                finally:
                    if failer.count > at:
                        tell(write, b"1")

            _, wrong = tried(writer, folder, run)
            with contextlib.suppress(BlockingIOError):
                reached += os.read(read, 1)
            os.close(read)
            os.close(write)
        if not reached:
            return at, bad
        if wrong:
            bad.append(f"{writer.name}, {errno.errorcode[number]} at operation {at}: {wrong}")
    return 2000, [*bad, f"{writer.name} never ends"]


def sizes(largest: int) -> list[int]:
    """Returns sizes of files and disks to be tried."""
    return sorted({0, 1, 4095, 4096, *(largest * step // STEPS for step in range(STEPS + 2))})


def largest_output(writer: kills.Writer) -> int:
    """Returns how many bytes the largest of a writer's files has."""
    with tempfile.TemporaryDirectory() as folder:
        writer.prepare(folder)
        in_child(lambda: writer.write(folder))
        return max(entry.stat().st_size for entry in os.scandir(folder))


def under_limits(writer: kills.Writer, *, step: int = 1) -> tuple[int, list[str]]:
    """Returns how many limits of a file's size were tried, and what is wrong under which."""
    bad = []
    tries = sizes(largest_output(writer))[::step]
    for limit in tries:
        with tempfile.TemporaryDirectory() as folder:
            writer.prepare(folder)

            def run(folder: str = folder, limit: int = limit) -> None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                writer.write(folder)

            _, wrong = tried(writer, folder, run)
        bad += [f"{writer.name}, files of {limit} bytes: {wrong}"] * bool(wrong)
    return len(tries), bad


@contextlib.contextmanager
def disk(free: int) -> Iterator[str]:
    """Yields a folder on a disk of its own that has so many bytes left."""
    with tempfile.TemporaryDirectory() as place:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", place]
        subprocess.run(mount, check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", place], check=True)


@contextlib.contextmanager
def filled(place: str, free: int) -> Iterator[None]:
    """Has a disk but so many bytes left for as long as the block runs."""
    found = os.statvfs(place)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(place)) as filler:
        os.posix_fallocate(filler.fileno(), 0, max(1, found.f_bavail * found.f_frsize - free))
        yield


def on_full_disks(writer: kills.Writer, where: str) -> tuple[int, list[str]]:
    """Returns how many disks were tried, and what is wrong on which; `where` is full."""
    bad = []
    tries = [size for size in sizes(2 * largest_output(writer)) if size < DISK // 2]
    for free in tries:
        with disk(free) as place, tempfile.TemporaryDirectory() as elsewhere:
            full = os.path.join(place, "output")
            os.mkdir(full)
            folder = full if where == "output" else elsewhere
            writer.prepare(folder)

            def run(folder: str = folder, full: str = full) -> None:
                if where == "TMPDIR":
                    tempfile.tempdir = full
                writer.write(folder)

            with filled(full, free):
                told = in_child(run)
            _, wrong = tried(writer, folder, lambda told=told: _as_told(told))
            if os.listdir(full) and where == "TMPDIR":
                wrong = wrong or f"left in TMPDIR: {os.listdir(full)}"
        bad += [f"{writer.name}, {where} with {free} bytes left: {wrong}"] * bool(wrong)
    return len(tries), bad


def _as_told(told: Told) -> None:
    """Ends as an earlier child did."""
    if told.how == "told":
        raise Tf1CompatError(told.message)
    if told.how != "written":
        raise RuntimeError(str(told))


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

    for name in kills_keras.FORMATS:
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


def campaign(full: bool, numbers: Sequence[int]) -> list[str]:
    """Returns what is wrong."""
    bad: list[str] = []
    mounts = os.environ.get(MOUNTED) == "1"
    for writer in writers(full):
        counts = collections.Counter[str]()
        for number in numbers:
            counts["operations"], found = at_operations(writer, number)
            bad += found
        counts["limits"], found = under_limits(writer)
        bad += found
        for where in ("output", "TMPDIR") if mounts else ():
            counts[f"full {where}"], found = on_full_disks(writer, where)
            bad += found
        print(f"{writer.name}: {dict(counts)}, {len(bad)} bad so far", flush=True)
    for name, path, read in readers(full):
        for number in numbers[:2]:
            count, found = reading_at_operations(name, path, read, number=number)
            bad += found
        print(f"reading {name}: {count} operations, {len(bad)} bad so far", flush=True)
    return bad


def mounted() -> None:
    """Goes on in a process that may mount what others don't see, where the system allows that."""
    if MOUNTED in os.environ:
        return
    allowed = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
    )
    os.environ[MOUNTED] = "0" if allowed.returncode else "1"
    if allowed.returncode:
        print("full disks: skipped, this system lets us mount none")
    else:
        os.execvp("unshare", ["unshare", "-m", sys.executable, *sys.argv])


def main() -> int:
    """Runs the campaign; returns 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="Keras files too, and all errors")
    parser.add_argument("--errors", type=int, default=0, help="so many of the four alone")
    options = parser.parse_args()
    if options.full:
        mounted()
    gc.freeze()
    bad = campaign(options.full, ERRORS[: options.errors or (len(ERRORS) if options.full else 1)])
    print("\n".join(bad[:40]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
