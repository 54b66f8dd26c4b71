"""A slice of every campaign, in one process, that the suite can wait for.

    python tests/campaign/quick.py            # all
    python tests/campaign/quick.py --light    # those that import neither Keras nor TensorFlow

Prints what was wrong in each, as JSON. Whole campaigns are run by their own scripts: see README.md.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import itertools
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(os.path.dirname(HERE)), HERE]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
gc.disable()  # a slice leaves little behind: walking through TensorFlow's modules took longer

SURROUNDINGS = (
    "streams in ascii",
    "all closed",
    "stdout full",
    "a name too long",
    "16 open files",
)
NAMES = ("clears the screen", "a line", "right to left", "a flag", "a number")
BOMBS = ("one endless name", "a chunk that unpacks to more", "external links to a FIFO")
BOMBS += ("members that lie", "a plan of brackets", "4 TiB claimed", "a dotted key")
BYTES = 160 << 20  # of a bomb: more than twice what memory may grow by


def kills(_: str) -> list[str]:
    import kills

    return [one for writer in kills.WRITERS for one in kills.at_every_operation(writer, 17)[1]]


def limits(_: str) -> list[str]:
    import kills
    import limits
    import limits_reading

    bad: list[str] = []
    for writer in kills.WRITERS:
        bad += limits.at_operations(writer, errno.EDQUOT, step=43)[1]
        bad += limits.under_limits(writer, step=13)[1]
    for name, path, read in limits_reading.readers(full=False):
        bad += limits_reading.reading_at_operations(name, path, read, number=errno.EIO, step=91)[1]
    return bad


def damage(_: str) -> list[str]:
    import damage

    return damage.run(1155, 0.02, every=9)[1]


def races(_: str) -> list[str]:
    import races

    return races._race(3, ())


def names(_: str) -> list[str]:
    import names

    import tf1compat.apps.inspect  # noqa: F401 - the forks have it, then

    given = [names.names()[what] for what in NAMES]
    return [*names.of_checkpoints(given), *map(str, names.of_raw_records())]


def signals(folder: str) -> list[str]:
    import signals

    with _within(folder):
        signals.prepare()
        found = signals.at_steps([1, 40], [signal.SIGTERM])
        return [str(one) for one in [*found, *signals.at_steps([20], [signal.SIGINT])]]


@contextlib.contextmanager
def _within(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def surroundings(folder: str) -> list[str]:
    import surroundings
    import tasks

    place = surroundings.Place(folder, {"inspect": tasks.LIGHT["inspect"]})
    chosen = [one for one in surroundings.surroundings() if one.name in SURROUNDINGS]
    return surroundings.campaign(place, chosen)[1]


def bombs(_: str) -> list[str]:
    import bombs

    gc.freeze()  # so that a fork shares the libraries' memory rather than copies it
    cases = [one for one in bombs.bombs(BYTES) if one.what in BOMBS]
    cases += itertools.islice(bombs.checkpoints(), 3, 50, 12)
    found = [(one.what, bombs.run(one)[0]) for one in cases]
    return [f"{what}: {outcome}" for what, outcome in found if outcome.startswith("BAD")]


def structures(_: str) -> list[str]:
    import structures

    return structures.run(("plain earliest", "plain latest in order"), 0.001, 10)[1]


def kills_keras(folder: str) -> list[str]:
    import kills
    import kills_keras

    bad: list[str] = []
    for name in kills_keras.STREAMED:
        old = os.path.join(folder, name)
        kills.in_child(lambda old=old: kills_keras._write(old, kills_keras.OLD))
        bad += kills_keras._campaign(old, 41, 1)
    return bad


def limits_keras(_: str) -> list[str]:
    import limits

    bad: list[str] = []
    writers = limits.writers(keras_too=True)
    for writer in (one for one in writers if one.name.startswith("export m.safetensors")):
        bad += limits.at_operations(writer, errno.ENOSPC, step=83)[1]
    return bad


def flips(folder: str) -> list[str]:
    import flips

    campaign = flips.Campaign(folder)
    gc.freeze()
    return [
        f"{verdict}: {case}"
        for name in flips.JUDGED
        for verdict, cases in flips.flips(campaign, name, 16).items()
        for case in cases
        if verdict not in ("noticed", "harmless")
    ]


def pairs(_: str) -> list[str]:
    import pairs

    found = [(seed, *pairs.outcome(seed)) for seed in (1, 2)]
    return [str(one) for one in found if one[2] in ("wrong", "unproved")]


# What forks comes before what runs TensorFlow, and what needs no Keras before what imports it.
LIGHT: tuple[Callable[[str], list[str]], ...] = (
    *(kills, limits, damage, races, names, signals, surroundings),
)
HEAVY = (structures, bombs, kills_keras, limits_keras, flips, pairs)


def main() -> int:
    """Runs the slices; returns 1 if anything was wrong."""
    found = {}
    stdout = os.dup(1)
    os.dup2(2, 1)  # where campaigns tell how far they are
    for run in LIGHT if "--light" in sys.argv else (*LIGHT, *HEAVY):
        begin, used = time.monotonic(), time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            found[run.__name__] = run(folder)
        took = time.monotonic() - begin, time.process_time() - used
        print(f"{run.__name__}: {took[0]:.1f} s, here {took[1]:.1f} s", file=sys.stderr, flush=True)
    with os.fdopen(stdout, "w") as out:
        json.dump(found, out)
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
