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

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(os.path.dirname(HERE)), HERE]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import kills  # noqa: E402
from failing import ERRORS, WRITING, Failer, Told, in_child  # noqa: E402
from limits_reading import readers, reading_at_operations  # noqa: E402

from tf1compat.errors import Tf1CompatError  # noqa: E402
from tf1compat.files.output_errors import BEFORE  # noqa: E402

Judged = tuple[str, bool, kills.Left]  # what was said, and what was left
MOUNTED = "CAMPAIGN_MOUNTED"  # set in the child that has mounts of its own
STEPS = 16  # sizes of files and disks that are tried
DISK = 4 << 20


def writers(keras_too: bool) -> Iterator[kills.Writer]:
    """Yields the writers under test."""
    yield from kills.WRITERS
    if keras_too:
        import kills_keras

        for name in kills_keras.formats(kills_keras.FORMATS):
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


def tried(
    writer: kills.Writer, folder: str, run: Callable[[], None], judged: set[Judged]
) -> tuple[Told, str]:
    """Has a writer write in a child; returns how that ended, and what is wrong, or "".

    What ended so and left the same as what was `judged` before isn't judged again.
    """
    told = in_child(run)
    ending = (told.how, BEFORE in told.message, kills.left_by(folder, writer.files))
    if ending in judged:
        return told, ""
    judged.add(ending)
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
    again = in_child(lambda: _require_sound(writer, folder))  # what runs TensorFlow can't fork
    return told, f"{told}, then again: {again}" if again.how != "written" else ""


def _require_sound(writer: kills.Writer, folder: str) -> None:
    """Raises ValueError where writing again isn't as it should be."""
    wrong = kills.judge(writer, folder)
    if wrong:
        raise ValueError(wrong)


def at_operations(writer: kills.Writer, number: int, *, step: int = 1) -> tuple[int, list[str]]:
    """Returns how many operations there are, and what is wrong after an error at which."""
    bad: list[str] = []
    judged = set[Judged]()
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

            _, wrong = tried(writer, folder, run, judged)
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
    bad, judged = [], set[Judged]()
    tries = sizes(largest_output(writer))[::step]
    for limit in tries:
        with tempfile.TemporaryDirectory() as folder:
            writer.prepare(folder)

            def run(folder: str = folder, limit: int = limit) -> None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                writer.write(folder)

            _, wrong = tried(writer, folder, run, judged)
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
    bad, judged = [], set[Judged]()
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
            _, wrong = tried(writer, folder, lambda told=told: _as_told(told), judged)
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


def campaign(full: bool, numbers: Sequence[int], only: str = "") -> list[str]:
    """Returns what is wrong with writers and readers that have a text in their names."""
    bad: list[str] = []
    mounts = os.environ.get(MOUNTED) == "1"
    chosen = [one for one in writers(full) if only in one.name]
    gc.freeze()
    for writer in chosen:
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
    for name, path, read in (one for one in readers(full) if only in f"reading {one[0]}"):
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
    parser.add_argument("--only", default="", help="those with this text in their names")
    options = parser.parse_args()
    if options.full:
        mounted()
    numbers = ERRORS[: options.errors or (len(ERRORS) if options.full else 1)]
    bad = campaign(options.full, numbers, options.only)
    print("\n".join(bad[:40]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
