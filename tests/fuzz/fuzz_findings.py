"""What counts as a finding, and how each is kept: once, by its place, with the shortest input."""

from __future__ import annotations

import hashlib
import os
import time
import traceback
from collections.abc import Callable, Iterator

_SECOND = 1.0  # of the processor's time, for a small input
_PACKAGE = f"{os.sep}tf1compat{os.sep}"


class SlowError(Exception):
    """An input that took longer than its size warrants."""


class Findings:
    """The findings of one target, in a folder.

    A finding doesn't end the run, so that a fault that is known doesn't hide the next.
    """

    def __init__(self, target: str, folder: str, *, show: Callable[[str], None] = print) -> None:
        self._target = target
        self._folder = folder
        self._show = show
        self._lengths: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lengths)

    def guarded(self, one_input: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """Returns a function that keeps what `one_input` raises, and that it was slow."""

        def call(data: bytes) -> None:
            start = time.thread_time()
            try:
                one_input(data)
                taken = time.thread_time() - start
                if taken > _SECOND * (1 + len(data) / (1 << 20)):
                    raise SlowError(f"{taken:.1f} s for {len(data)} bytes")
            except Exception as error:
                self._keep(data, error)

        return call

    def _keep(self, data: bytes, error: Exception) -> None:
        key = _place(error)
        if len(data) >= self._lengths.get(key, len(data) + 1):
            return
        if key not in self._lengths:
            self._show(
                f"FINDING in {self._target}: {type(error).__name__} at {key}: {error!s:.200}"
            )
        self._lengths[key] = len(data)
        word = hashlib.sha256(key.encode()).hexdigest()[:10]
        stem = os.path.join(self._folder, f"{self._target}-{word}")
        lines = "".join(traceback.format_exception(error)[-40:])
        with open(f"{stem}.bin", "wb") as file:
            file.write(data)
        with open(f"{stem}.txt", "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{self._target}: {key}\n{len(data)} bytes: {data[:2000].hex()}\n\n{lines}")


def _place(error: Exception) -> str:
    """Returns what tells one fault from another: the kind, and where in the package it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _PACKAGE in frame.filename] or frames
    last = own[-1]
    if isinstance(error, (AssertionError, SlowError)):
        last = frames[-1]
    name = os.path.relpath(last.filename, os.path.dirname(__file__)).replace("../", "")
    return f"{type(error).__name__} {name}:{last.lineno}"
