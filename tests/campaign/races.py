"""Has two processes write one checkpoint, and one file, at the same time, again and again.

    python tests/campaign/races.py                # 50 rounds of each
    python tests/campaign/races.py --namespaces   # and in two PID namespaces, as two containers are

In each round both start at once, each with values of its own. Whoever says "written" last must have
its values there, whole; of a checkpoint one alone may say so. Who is told must be told by one
of the package's errors, and nothing may be left beside the output.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

import numpy as np  # noqa: E402

from tf1compat.checkpoint import open_checkpoint, staged_file, write_checkpoint  # noqa: E402
from tf1compat.errors import Tf1CompatError  # noqa: E402

NAMESPACE = ("unshare", "--pid", "--fork", "--mount-proc")
KINDS = ("checkpoint", "file")
NAMES = [f"v{number}" for number in range(6)]


class Writer(NamedTuple):
    """A process that writes what it is told to, as often as it is told to, with its own number."""

    number: int
    process: subprocess.Popen

    def begin(self, kind: str, path: str) -> None:
        """Has it write."""
        self.process.stdin.write(f"{kind} {path}\n")
        self.process.stdin.flush()

    def said(self) -> str:
        """Returns "written", or what it was told."""
        return self.process.stdout.readline().strip()


def serve(number: int) -> None:
    """Writes what the lines of stdin say, and answers each."""
    for line in sys.stdin:
        kind, _, path = line.strip().partition(" ")
        try:
            (_write_checkpoint if kind == "checkpoint" else _write_file)(path, number)
            print("written", flush=True)
        except Tf1CompatError as error:
            print("told:", str(error).replace("\n", " "), flush=True)
        except BaseException as error:
            print("raw:", repr(error), flush=True)


def _value(number: int) -> np.ndarray:
    return np.full((100, 200), number, np.float32)


def _write_checkpoint(path: str, number: int) -> None:
    items = {name: lambda: _value(number) for name in NAMES}
    write_checkpoint(path, items, num_shards=1 + number % 2)


def _write_file(path: str, number: int) -> None:
    with staged_file(path) as staged, open(staged, "wb") as file:
        for _ in NAMES:
            file.write(_value(number).tobytes())


def _held(kind: str, path: str) -> set[float]:
    """Returns the numbers that an output holds; raises where it is damaged."""
    if kind == "file":
        values = np.fromfile(path, np.float32)
        if values.size != len(NAMES) * _value(0).size:
            raise ValueError(f"{values.size} values")
        return set(values.tolist())
    checkpoint = open_checkpoint(path)
    if checkpoint.check():
        raise ValueError(str(checkpoint.check()[0]))
    return {float(one) for name in NAMES for one in np.unique(checkpoint[name].read())}


def _round(kind: str, writers: list[Writer]) -> tuple[int, str]:
    """Has both write; returns how many said "written", and what is wrong, or ""."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m")
        for writer in writers:
            writer.begin(kind, path)
        said = {writer.number: writer.said() for writer in writers}
        won = [number for number, answer in said.items() if answer == "written"]
        return len(won), _judge(kind, path, said=said, won=won)


def _judge(kind: str, path: str, *, said: dict[int, str], won: list[int]) -> str:
    told = [answer for answer in said.values() if answer != "written"]
    known = ("another program", "is there")
    if not won or not all(any(words in answer for words in known) for answer in told):
        return f"they said {said}"
    if kind == "checkpoint" and len(won) > 1:
        return "both said that they wrote it"
    try:
        held = _held(kind, path)
    except (Tf1CompatError, OSError, ValueError) as error:
        return f"damaged: {error}"
    left = [name for name in os.listdir(os.path.dirname(path)) if name.startswith(".tmp-")]
    if left or len(held) != 1 or not held <= set(map(float, won)):
        return f"{won} wrote it, it holds {held}; left beside it: {left}"
    return ""


def _race(rounds: int, prefix: tuple[str, ...]) -> list[str]:
    command = [*prefix, sys.executable, os.path.abspath(__file__), "--serve"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [Writer(one, subprocess.Popen([*command, str(one)], **pipes)) for one in (1, 2)]
    failures = []
    for kind in KINDS:
        found = [_round(kind, writers) for _ in range(rounds)]
        bad = [wrong for _, wrong in found if wrong]
        met = sum(won == 1 for won, _ in found)
        where = "two namespaces" if prefix else "one namespace"
        print(f"{kind}, {where}: {rounds} rounds, one told in {met}, {len(bad)} bad", flush=True)
        failures += [f"{kind}, {where}: {wrong}" for wrong in bad]
    for writer in writers:
        writer.process.communicate()
    return failures


def main() -> int:
    """Runs the races; returns 1 if any did harm."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--namespaces", action="store_true", help="two PID namespaces, too")
    parser.add_argument("--serve", type=int, help="be the writer of this number")
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve)
        return 0
    failures = _race(options.rounds, ())
    if options.namespaces:
        if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
            print("two namespaces: skipped, this system lets us make none")
        else:
            failures += _race(options.rounds, NAMESPACE)
    print("\n".join(failures[:30]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
