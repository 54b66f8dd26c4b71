"""HDF5 files whose structures are damaged: read, or refused, and never the end of the process.

    python tests/campaign/structures.py                 # a quick slice
    python tests/campaign/structures.py --full          # every byte and pointer
    python tests/campaign/structures.py --unchecked     # without the check: what HDF5 does of them

Each case changes honest files of h5py where they say where others lie, and mends the checksums. A
child opens it as this package does, reads every value, and looks at all that Keras is then let
load. What comes out is the package's own error, or what the file holds: no signal, no more than two
seconds of the processor, and no more than 200 MB beyond what the child began with.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import gc
import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from unittest import mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "tests", "keras3", "formats")]
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py  # noqa: E402
import numpy as np  # noqa: E402
from h5_damage import Seed  # noqa: E402
from h5_kinds import KINDS, SMALL  # noqa: E402

from tf1compat.errors import Tf1CompatError  # noqa: E402
from tf1compat.keras3.formats.hdf5 import source  # noqa: E402
from tf1compat.keras3.formats.hdf5.loadable import loadable  # noqa: E402
from tf1compat.keras3.formats.hdf5.sealing import structure_digest  # noqa: E402

SECONDS = 2  # of the processor
GROWTH = 200 << 20
_BATCH = 200  # files that a child reads
_REFUSED, _READ, _UNTYPED, _SLOW, _GREW = 0, 1, 2, 3, 4
_SAID = {_REFUSED: "refused", _READ: "read", _UNTYPED: "UNTYPED", _SLOW: "SLOW", _GREW: "GREW"}


def read(path: str) -> bool:
    """Opens a file and reads all that may be read; tells whether anything was refused."""
    refused = False
    try:
        opened = source.open_source(path)
        for value in opened.values().values():
            try:
                value.read_bytes()
            except Tf1CompatError:
                refused = True
        structure_digest(opened)
        with loadable(path, source.source_in) as name:
            _as_keras(name)
    except Tf1CompatError:
        refused = True
    return refused


def _as_keras(path: str) -> None:
    """Looks at everything; what h5py says of it may be any error, as it is to Keras."""
    with contextlib.suppress(Exception), h5py.File(path, "r") as file:
        waiting: list[h5py.Group] = [file]
        seen = set()
        while waiting:
            group = waiting.pop()
            for name in group:
                with contextlib.suppress(Exception):
                    item = group[name]
                    for key in item.attrs:
                        with contextlib.suppress(Exception):
                            item.attrs[key]
                    if isinstance(item, h5py.Dataset):
                        np.array(item)
                    elif isinstance(item, h5py.Group) and item.id not in seen:
                        seen.add(item.id)
                        waiting.append(item)


def outcomes(files: Sequence[bytes], path: str) -> Iterator[str]:
    """Yields what came of each file, read in processes of their own, many in each."""
    done = 0
    while done < len(files):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            for data in files[done:]:
                os.write(writing, bytes([_outcome(data, path)]))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        yield from (_SAID[one] for one in said)
        done += len(said)
        if done < len(files):
            yield f"DIED of {signal.Signals(-status).name}"
            done += 1


def _outcome(data: bytes, path: str) -> int:
    with open(path, "wb") as file:
        file.write(data)
    signal.alarm(5 * SECONDS)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    begin, before = time.process_time(), _peak()
    try:
        said = _REFUSED if read(path) else _READ
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        said = _UNTYPED
    if time.process_time() - begin > SECONDS:
        return _SLOW
    return _GREW if _peak() - before > GROWTH else said


def _peak() -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def cases(seed: Seed, share: float | None, count: int) -> Iterator[tuple[str, bytes]]:
    """Yields damaged files: of flips and of pointers a share (all for None), of others `count`."""
    rng = random.Random(seed.name)
    for every in (seed.flips(rng), seed.redirected()):
        yield from (one for one in every if share is None or rng.random() < share)
    yield from itertools.islice(seed.changed(rng), count)
    yield from itertools.islice(seed.swapped(rng), count)


def run(
    names: tuple[str, ...], share: float | None, count: int
) -> tuple[dict[str, int], list[str]]:
    """Returns how often what came of the files, and which were bad."""
    counts: collections.Counter[str] = collections.Counter()
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.weights.h5")
        for name in names:
            seed, here = Seed(name, KINDS[name]()), collections.Counter[str]()
            if [*outcomes([seed.data], path)] == ["refused"] and name not in _PARTLY:
                bad.append(f"{name}: refused as it is")
            given = cases(seed, share, count)
            while some := [*itertools.islice(given, _BATCH)]:
                said = [*outcomes([data for _, data in some], path)]
                here.update(said)
                for (what, _), one in zip(some, said, strict=True):
                    if one not in ("read", "refused"):
                        bad.append(f"{name}: {what}: {one}")
                        print(bad[-1], flush=True)
            print(f"{name}: {len(seed.places)} bytes of structures: {dict(here)}", flush=True)
            counts += here
    return dict(counts), bad


_PARTLY = {name for name in SMALL if "types" in name}  # they have values that are no numbers


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="every byte and pointer")
    parser.add_argument("--share", type=float, default=0.01, help="of bytes and pointers")
    parser.add_argument("--others", type=int, default=30, help="other changes of each file")
    parser.add_argument("--unchecked", action="store_true", help="leave the check out")
    parser.add_argument("--only", default="", help="files with this text in their names alone")
    options = parser.parse_args()
    names = tuple(name for name in SMALL if options.only in name)
    gc.freeze()
    off = mock.patch.object(source, "require_sound")
    with off if options.unchecked else contextlib.nullcontext():
        share, count = (None, 3000) if options.full else (options.share, options.others)
        counts, bad = run(names, share, count)
    print(f"{sum(counts.values())} cases: {counts}; {len(bad)} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
