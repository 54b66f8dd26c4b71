"""Damages genuine checkpoints in every way that happens by accident, and reads what is left.

    python tests/campaign/damage.py            # a quick slice; the suite runs a larger --share
    python tests/campaign/damage.py --full     # 5,300 flips, 300 truncations and the rest

Each case damages one file of a checkpoint that TensorFlow 1.15.5 wrote, then opens it, reads every
variable and runs `check()`. Counted against the reader are:

    silent      a value, a name or a `.meta` fact differs, or nothing at all was noticed
    untyped     an exception that isn't the package's own, or that doesn't name the file
    lost        a variable that the damage doesn't touch can't be read
    hang        a case that takes longer than 20 s
    abort       the process died
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

import tf1compat.keras3.formats.keras_sources  # noqa: E402, F401 - adds Keras' files
from tf1compat.checkpoint import open_checkpoint, read_meta, tensor_digest  # noqa: E402
from tf1compat.errors import CheckpointError, CorruptCheckpointError  # noqa: E402
from tf1compat.files import _remote  # noqa: E402

TESTDATA = os.path.join(ROOT, "tests", "checkpoint", "testdata")
PREFIXES = {
    "dtypes_v2": "model.ckpt",
    "sharded_v2": "model.ckpt-7",
    "dtypes_v1": "model.ckpt",
    "single_v1": "model.ckpt-7",
    "sharded_v1": "model.ckpt-7",
    "trained": "model.ckpt-3",
    "weight_norm": "model.ckpt",
    "spectral_norm": "model.ckpt",
    "frozen": "reference.pb",
    "keras_h5": "weights.h5",
    "npz": "weights.npz",
    "object_based": "model.ckpt-1",
    "safetensors": "model.safetensors.index.json",
    "frozen_text": "reference.pbtxt",
    "frozen_meta": "embedded.meta",
    "keras1_h5": "whole.h5",
    "keras_archive": "whole.keras",
    "saved_model": "saved_model.pb",
    "saved_keras": "saved_model.pb",
    "remote_npz": "weights.npz",
    "remote_v1": "model.ckpt-7",
    "remote_v2": "model.ckpt",
}
# The graphs that are damaged, too: what they say is compared, not what is read beside them.
GRAPHS = {
    "trained": "model.ckpt-3.meta",
    "weight_norm": "model.ckpt.meta",
    "spectral_norm": "model.ckpt.meta",
    "saved_model": "saved_model.pb",
}
REMOTE = "remote"  # read by way of a URL
# Formats without checksums: a flipped byte of a value is a value.
UNCHECKED = ("frozen", "frozen_text", "frozen_meta", "keras_h5", "keras1_h5", "safetensors")
# Zip and HDF5 files say much that nobody needs: a file that reads as it did may be one.
LOOSE = ("keras_h5", "keras1_h5", "keras_archive", "npz", "remote_npz")
_GOLDENS = os.path.join(ROOT, "tests", "goldens")
_FROZEN, _KERAS = os.path.join(_GOLDENS, "frozen"), os.path.join(_GOLDENS, "keras215")
FOLDERS = {
    **dict.fromkeys(("frozen", "frozen_text", "frozen_meta"), _FROZEN),
    **dict.fromkeys(("keras_h5", "keras_archive"), _KERAS),
    "keras1_h5": os.path.join(_GOLDENS, "keras_h5"),
    "saved_model": os.path.join(_GOLDENS, "saved_model"),
    "saved_keras": os.path.join(_KERAS, "saved"),
    "weight_norm": os.path.join(_GOLDENS, "norms", "weight_norm_dense"),
    "spectral_norm": os.path.join(_GOLDENS, "norms", "spectral_norm"),
    "remote_npz": os.path.join(TESTDATA, "npz"),
    "remote_v1": os.path.join(TESTDATA, "single_v1"),
    "remote_v2": os.path.join(TESTDATA, "dtypes_v2"),
}
_VALUES = ["variables/variables.index", "variables/variables.data-00000-of-00001"]
FILES = {
    "frozen": ["reference.pb"],
    "frozen_text": ["reference.pbtxt"],
    "frozen_meta": ["embedded.meta"],
    "keras_h5": ["weights.h5"],
    "keras1_h5": ["whole.h5"],
    "keras_archive": ["whole.keras"],
    "saved_model": ["saved_model.pb", *_VALUES],
    "saved_keras": _VALUES,
    "weight_norm": ["model.ckpt.meta"],
    "spectral_norm": ["model.ckpt.meta"],
}
HANG = 20  # seconds
DEATHS = 9  # of the worker, until the campaign is given up
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
HTML = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>\n"
STANDARD = {
    *("variables", "trainable_variables", "moving_average_variables", "global_step", "train_op"),
    "cond_context",
}
Damage = Callable[[str], None]


class Case(NamedTuple):
    """One damage to one file (a name within the checkpoint's folder)."""

    fixture: str
    file: str
    what: str
    damage: Damage


def folder_of(fixture: str) -> str:
    """Returns where an undamaged fixture is."""
    return FOLDERS.get(fixture, os.path.join(TESTDATA, fixture))


def cases(seed: int, share: float) -> Iterator[Case]:
    """Yields the campaign's cases; `share` of the flips and truncations, and all the others."""
    rng = random.Random(seed)
    for fixture, prefix in PREFIXES.items():
        folder = folder_of(fixture)
        files = sorted(name for name in os.listdir(folder) if name != "checkpoint")
        if fixture not in GRAPHS:
            files = [name for name in files if not name.endswith(".meta")]
        files = FILES.get(fixture, files)
        for name in files:
            size = os.path.getsize(os.path.join(folder, name))
            yield from _flips(fixture, name, size, rng, share)
            yield from _truncations(fixture, name, size, rng, share)
            yield from _replacements(fixture, name, rng)
        yield from _swaps(fixture, prefix, files)


def _flips(fixture: str, name: str, size: int, rng: random.Random, share: float) -> Iterator[Case]:
    count = 500 if name.endswith((".index", "ckpt", "ckpt-7")) else 400
    count = min(size, 200 if name.endswith(".meta") else count)  # a graph takes ten times as long
    for offset in rng.sample(range(size), max(3, int(count * share))):
        mask = rng.choice([1 << rng.randrange(8), rng.randrange(1, 256)])
        yield Case(fixture, name, f"flip {offset} ^ {mask:#x}", _flip(offset, mask))


def _truncations(
    fixture: str, name: str, size: int, rng: random.Random, share: float
) -> Iterator[Case]:
    for length in {0, size - 1, *(rng.randrange(size) for _ in range(int(20 * share)))}:
        yield Case(
            fixture, name, f"truncate to {length}", _rewrite(lambda data, n=length: data[:n])
        )


def _replacements(fixture: str, name: str, rng: random.Random) -> Iterator[Case]:
    junk = rng.randbytes(4096)
    contents = {
        "append 1 zero": lambda data: data + b"\0",
        "append 4096 random": lambda data: data + junk,
        "append itself": lambda data: data + data,
        "zero": lambda data: b"\0" * len(data),
        "LFS pointer": lambda data: LFS,
        "HTML page": lambda data: HTML,
        "insert a byte": lambda data: data[: len(data) // 2] + b"\n" + data[len(data) // 2 :],
        "drop a byte": lambda data: data[: len(data) // 2] + data[len(data) // 2 + 1 :],
    }
    with open(os.path.join(folder_of(fixture), name), "rb") as file:
        has_lines = b"\n" in file.read()
    if has_lines and (name.endswith((".index", ".meta")) or "v1" in fixture):
        contents["CRLF"] = lambda data: data.replace(b"\n", b"\r\n")
    for what, change in contents.items():
        yield Case(fixture, name, what, _rewrite(change))
    for what, damage in {
        "remove": os.unlink,
        "FIFO": _special(os.mkfifo),
        "directory": _special(os.mkdir),
        "symlink loop": _special(lambda path: os.symlink(os.path.basename(path), path)),
        "dangling symlink": _special(lambda path: os.symlink("nowhere", path)),
        "endless device": _special(lambda path: os.symlink("/dev/zero", path)),
    }.items():
        yield Case(fixture, name, what, damage)


def _swaps(fixture: str, prefix: str, files: list[str]) -> Iterator[Case]:
    shards = [name for name in files if "-of-" in name]
    for one in shards:
        for other in shards:
            if one < other:
                yield Case(fixture, one, f"swap with {other}", _swap(other))


def _flip(offset: int, mask: int) -> Damage:
    def change(data: bytes) -> bytes:
        return data[:offset] + bytes([data[offset] ^ mask]) + data[offset + 1 :]

    return _rewrite(change)


def _rewrite(change: Callable[[bytes], bytes]) -> Damage:
    def damage(path: str) -> None:
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(change(data))

    return damage


def _special(make: Callable[[str], None]) -> Damage:
    def damage(path: str) -> None:
        os.unlink(path)
        make(path)

    return damage


def _swap(other: str) -> Damage:
    def damage(path: str) -> None:
        there = os.path.join(os.path.dirname(path), other)
        os.rename(path, path + ".tmp")
        os.rename(there, path)
        os.rename(path + ".tmp", there)

    return damage


class Truth(NamedTuple):
    """What an undamaged fixture says."""

    values: dict[str, tuple[str, tuple[int, ...], str]]
    shards: dict[str, set[str]]
    meta: object


def truth_of(fixture: str) -> Truth:
    """Reads an undamaged fixture."""
    folder = folder_of(fixture)
    checkpoint = open_checkpoint(_path_in(folder, fixture))
    values = {name: _facts(entry) for name, entry in checkpoint.items()}
    shards = {
        name: {os.path.basename(path) for path in entry.shards}
        for name, entry in checkpoint.items()
    }
    graph = GRAPHS.get(fixture)
    return Truth(values, shards, graph and _meta_facts(os.path.join(folder, graph)))


def _path_in(folder: str, fixture: str) -> str:
    """Returns the path by which a checkpoint is read, or its URL."""
    path = os.path.join(folder, PREFIXES[fixture])
    return f"file://{path}" if fixture.startswith(REMOTE) else path


def _facts(entry) -> tuple[str, tuple[int, ...], str]:
    value = entry.read()
    return entry.dtype_name, value.shape, tensor_digest(value)


def _meta_facts(path: str) -> object:
    meta = read_meta(path)
    # The name that a program chose for a collection of its own is said nowhere else in the file:
    # no reader can tell that it was changed.
    variables = [
        dataclasses.replace(one, collections=_standard(one.collections)) for one in meta.variables
    ]
    collections = {key: meta.collections[key] for key in _standard(meta.collections)}
    return variables, collections, dict(meta.saver), meta.tensorflow_version


def _standard(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if key in STANDARD)


def judge(case: Case, folder: str, truth: Truth) -> str:
    """Returns the verdict on one case, whose damaged checkpoint is in `folder`."""
    if case.file == GRAPHS.get(case.fixture):
        return _judge_meta(case, os.path.join(folder, case.file), truth)
    try:
        checkpoint = open_checkpoint(_path_in(folder, case.fixture))
    except CheckpointError as error:
        return _judge_error(error, None)
    failed: set[str] = set()
    for name in checkpoint:
        try:
            same = _facts(checkpoint[name]) == truth.values.get(name)
        except CheckpointError as error:
            verdict = _judge_error(error, name)
            if verdict != "caught":
                return verdict
            failed.add(name)
            continue
        if not same:
            return _undecided(case) or "silent: a value"
    if set(checkpoint) != set(truth.values):
        return _undecided(case) or "silent: names"
    if case.what.startswith("swap") and "v1" in case.fixture and not failed:
        return "harmless"  # each V1 shard says itself what it holds, whatever it is called
    if case.fixture in (*LOOSE, *UNCHECKED) and not failed:
        return "harmless"
    if not checkpoint.check():
        return "silent: check() found nothing"
    if not failed:
        return "silent: every value read and nothing was said"
    return _judge_losses(case, failed, truth)


def _undecided(case: Case) -> str:
    """Returns the verdict on what no reader of a format without checksums can tell."""
    changed = case.what.startswith(("flip", "swap", "insert", "drop"))
    return "undecidable" if case.fixture in UNCHECKED and changed else ""


def _judge_losses(case: Case, failed: set[str], truth: Truth) -> str:
    """Tells whether only variables that the damage touches failed."""
    file = os.path.basename(case.file)
    touched = {name for name, shards in truth.shards.items() if file in shards}
    if case.what.startswith("swap"):
        touched |= {name for name, shards in truth.shards.items() if case.what[10:] in shards}
    if failed - touched:
        return f"lost: {sorted(failed - touched)[0]}"
    if case.what.startswith("flip") and "v2" in case.fixture and len(failed) > 1:
        return f"lost: {len(failed)} variables for one byte"
    return "caught"


def _judge_meta(case: Case, path: str, truth: Truth) -> str:
    try:
        facts = _meta_facts(path)
    except CheckpointError as error:
        return _judge_error(error, None)
    if facts != truth.meta and case.what.startswith("truncate"):
        return "undecidable"  # cut between two collections: a complete message, only shorter
    return "harmless" if facts == truth.meta else "silent: meta"


def _judge_error(error: CheckpointError, name: str | None) -> str:
    if isinstance(error, CorruptCheckpointError):
        if not error.file or (name is not None and error.variable != name):
            return f"untyped: {error!r} does not name file and variable"
        if name is not None and error.offset is None:
            return f"untyped: {error!r} names no offset"
    return "caught"


def _alarm(*_: object) -> None:
    raise TimeoutError("hang")


def _judged(case: Case, folder: str, truth: Truth) -> str:
    """Returns the verdict on one case, or what kept it from one."""
    signal.alarm(HANG)
    try:
        return judge(case, folder, truth)
    except TimeoutError:
        return "hang"
    except Exception as error:
        return f"untyped: {error!r}"
    finally:
        signal.alarm(0)


def _mend(case: Case, folder: str) -> None:
    """Puts back the files that a case damaged; the next finds the checkpoint whole."""
    swapped = [case.what[10:]] if case.what.startswith("swap") else []
    for name in (case.file, *swapped):
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        elif os.path.lexists(path):
            os.unlink(path)
        shutil.copyfile(os.path.join(folder_of(case.fixture), name), path)
    assert sorted(os.listdir(folder)) == sorted(os.listdir(folder_of(case.fixture)))


def work(seed: int, share: float, start: int, *, every: int, only: str = "") -> None:
    """Runs each so many of the cases from number `start` on, and prints a line of JSON for each."""
    signal.signal(signal.SIGALRM, _alarm)
    _remote._PAUSES = (0, 0, 0)
    truths: dict[str, Truth] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, case in enumerate(cases(seed, share)):
            if number < start or number % every or (only and case.fixture not in only.split(",")):
                continue
            folder = os.path.join(scratch, case.fixture)
            if case.fixture not in truths:
                truths[case.fixture] = truth_of(case.fixture)
                shutil.copytree(folder_of(case.fixture), folder)
            case.damage(os.path.join(folder, case.file))
            verdict = _judged(case, folder, truths[case.fixture])
            _mend(case, folder)
            print(json.dumps([number, case.fixture, case.file, case.what, verdict]), flush=True)
    print(json.dumps("end"), flush=True)


def run(
    seed: int, share: float, *, every: int = 1, only: str = ""
) -> tuple[collections.Counter[str], list[str]]:
    """Runs the campaign in processes of its own; returns the verdicts' counts, and what is bad."""
    counts: collections.Counter[str] = collections.Counter()
    bad: list[str] = []
    start, ended = 0, False
    while not ended and counts["abort"] < DEATHS:
        command = [sys.executable, __file__, "--worker", str(start), f"--seed={seed}"]
        command += [f"--share={share}", f"--every={every}", f"--fixtures={only}"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for line in child.stdout:
            result = json.loads(line)
            if result == "end":
                ended = True
                break
            start = result[0] + 1
            verdict = result[-1].partition(":")[0]
            counts[verdict] += 1
            if verdict not in ("caught", "harmless", "undecidable"):
                bad.append(" | ".join(map(str, result)))
        if child.wait() != 0 and not ended:
            counts["abort"] += 1
            bad.append(f"{start} | the process died with {child.returncode}")
            start += 1
    return counts, bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="the whole campaign")
    parser.add_argument("--seed", type=int, default=1155)
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--every", type=int, default=1, help="each so many cases alone")
    parser.add_argument("--fixtures", default="", help="these alone, by commas")
    parser.add_argument("--worker", type=int, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    share = 1.0 if options.full else options.share
    if options.worker is not None:
        work(
            options.seed,
            share,
            options.worker,
            every=options.every,
            only=options.fixtures,
        )
        return 0
    counts, bad = run(options.seed, share, every=options.every, only=options.fixtures)
    print("\n".join(bad[:50]))
    print(f"{sum(counts.values())} cases:", dict(counts))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
