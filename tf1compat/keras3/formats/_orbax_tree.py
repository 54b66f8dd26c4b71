"""The arrays of an Orbax checkpoint, read as NumPy's a batch at a time.

Orbax goes over all that describes a tree each time it loads some of it: 400 arrays one by one would
take half a minute. So those that are asked for one after the other are loaded together.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tf1compat.errors import OutputError
from tf1compat.files.staging import destination
from tf1compat.keras3.formats.exported import ArrayValue
from tf1compat.keras3.formats.libraries import ORBAX, needing
from tf1compat.names.first_line import first_line
from tf1compat.stopping import unstoppable

__all__ = ["PYTREE", "OrbaxTree", "orbax_library", "undisturbed"]

PYTREE = "pytree"
"""What Orbax calls the one PyTree of a checkpoint where nobody calls it otherwise."""

_BATCH = 1 << 26  # bytes of arrays that are in memory at once; a larger one is alone


def orbax_library() -> Any:
    """Returns Orbax; UsageError where it isn't installed."""
    with needing(ORBAX):
        from orbax.checkpoint import v1

        return v1


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Has Orbax log nothing in the block, and a signal wait for its end.

    Of an error that Orbax raises, each of its threads logs a traceback before. What a signal raises
    in a callback of its event loop is lost.
    """
    log = logging.getLogger("absl")
    with unstoppable():
        log.addFilter(_none)
        try:
            yield
        finally:
            log.removeFilter(_none)


class OrbaxTree:
    """The PyTree of a checkpoint: its arrays by path, keys within keys joined by slashes."""

    def __init__(self, path: str, order: Iterable[str] = ()) -> None:
        """Opens a checkpoint.

        Args:
          path: of its folder.
          order: paths in the order in which they are going to be read.

        Raises:
          UsageError: Orbax isn't installed.
          OutputError: it is none with a PyTree of this name, or two arrays go by one path.
        """
        self._orbax = orbax_library()  # which has jax with it
        import jax

        self._path = path
        described = _described(self._orbax, path)
        leaves, self._structure = jax.tree_util.tree_flatten_with_path(described)
        self._leaves = [leaf for _, leaf in leaves]
        self._numbers = _numbered(leaves, path)
        first = [name for name in order if name in self._numbers]
        names = dict.fromkeys([*first, *self._numbers])
        self._batches = {
            number: batch
            for batch in self._batched(self._numbers[name] for name in names)
            for number in batch
        }
        self._held: dict[int, np.ndarray] = {}
        self._failed: dict[int, Exception] = {}

    def values(self) -> dict[str, ArrayValue]:
        """Returns the arrays by path. What else the tree holds is left out."""
        return {
            name: ArrayValue(
                tuple(self._leaves[number].shape),
                np.dtype(self._leaves[number].dtype).name,
                functools.partial(self._read, number),
            )
            for name, number in self._numbers.items()
        }

    def _read(self, number: int) -> np.ndarray:
        if number in self._failed:
            raise self._failed[number]
        if number not in self._held:
            self._held = {}  # before the next are loaded
            self._held = self._loaded(self._batches[number])
        return self._held.pop(number)

    def _loaded(self, batch: tuple[int, ...]) -> dict[int, np.ndarray]:
        """Returns the arrays of these numbers as NumPy's, whatever types they were saved as."""
        import jax

        wanted = [self._orbax.PLACEHOLDER] * len(self._leaves)
        for number in batch:
            leaf = self._leaves[number]  # whose stand-in takes no memory
            wanted[number] = np.broadcast_to(np.zeros((), np.dtype(leaf.dtype)), leaf.shape)
        asked = {PYTREE: self._structure.unflatten(wanted)}
        try:
            with undisturbed():
                held = self._orbax.load_checkpointables(os.path.abspath(self._path), asked)
        except Exception as error:  # of whatever reads such files for it
            failed = OutputError(f"{destination(self._path)}: Orbax can't read it: {_said(error)}")
            self._failed |= dict.fromkeys(batch, failed)
            raise failed from error
        arrays = jax.tree_util.tree_leaves(held[PYTREE])
        return {number: np.asarray(arrays[number]) for number in batch}

    def _batched(self, numbers: Iterable[int]) -> Iterator[tuple[int, ...]]:
        batch: list[int] = []
        size = 0
        for number in numbers:
            leaf = self._leaves[number]
            nbytes = int(np.prod(leaf.shape, dtype=np.int64)) * np.dtype(leaf.dtype).itemsize
            if batch and size + nbytes > _BATCH:
                yield tuple(batch)
                batch, size = [], 0
            batch.append(number)
            size += nbytes
        yield tuple(batch)


def _described(orbax: Any, path: str) -> Any:
    """Returns the tree of what describes each array of a checkpoint."""
    where = destination(path)
    try:
        with undisturbed():
            held = orbax.checkpointables_metadata(os.path.abspath(path)).metadata
    except Exception as error:  # of whatever reads such files for it
        raise OutputError(
            f"{where}: expected an Orbax checkpoint with a PyTree called {PYTREE!r}, found that "
            f"Orbax can't open it so: {_said(error)}"
        ) from error
    if held.get(PYTREE) is None:
        found = "one that Orbax can't describe, as of a damaged file"
        if PYTREE not in held:
            found = ", ".join(sorted(held)) or "nothing"
        raise OutputError(
            f"{where}: expected an Orbax checkpoint with a PyTree called {PYTREE!r}, found {found}"
        )
    return held[PYTREE]


def _numbered(leaves: Iterable[tuple[Any, Any]], path: str) -> dict[str, int]:
    """Returns which of a tree's leaves are arrays, by their paths."""
    import jax

    found: dict[str, int] = {}
    for number, (keys, leaf) in enumerate(leaves):
        if getattr(leaf, "shape", None) is None or getattr(leaf, "dtype", None) is None:
            continue
        name = jax.tree_util.keystr(keys, simple=True, separator="/")
        if name in found:
            raise OutputError(
                f"{destination(path)}: expected one array of each path, found two of {name!r}"
            )
        found[name] = number
    return found


def _said(error: Exception) -> str:
    return first_line(error, otherwise=type(error).__name__)


def _none(record: logging.LogRecord) -> bool:
    return False
