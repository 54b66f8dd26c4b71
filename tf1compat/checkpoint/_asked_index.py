"""An opened checkpoint whose format may come from outside the package: its answers, checked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tf1compat.checkpoint.covering import uncovered
from tf1compat.checkpoint.slices import Region
from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.errors import CheckpointError, UsageError
from tf1compat.registry import are_texts, asked, briefly, is_a

if TYPE_CHECKING:
    from tf1compat.checkpoint.entry import Part
    from tf1compat.names import VariableName

__all__ = ["AskedIndex", "is_index"]

_METHODS = ("names", "lookup", "files", "check")


class AskedIndex:
    """A :class:`~tf1compat.checkpoint.source_formats.SourceIndex` that gives what that one answers.

    Raises, from each method:
      UsageError: the answer can't be one, or it raised what is no error of this package's.
    """

    def __init__(self, whose: str, index: Any) -> None:
        """Asks `index`, which errors call by the text `whose`."""
        self._whose = whose
        self._index = index

    def names(self) -> tuple[str, ...]:
        """Returns the variables' names."""
        words = "the names of its variables, a tuple of texts,"
        return tuple(self._ask("names", are_texts, words))

    def lookup(self, name: str) -> tuple[StoredType, tuple[int, ...], tuple[Part, ...]]:
        """Returns dtype, shape and stored pieces of a variable."""
        words = f"dtype (a StoredType), shape and pieces of {name!r}"
        found: tuple[StoredType, tuple[int, ...], tuple[Part, ...]] = self._ask(
            "lookup", _is_found, words, name
        )
        _, shape, parts = found
        if wrong := _unlike(shape, parts):
            raise UsageError(
                f"{self._whose}: expected pieces that make up {name!r} of shape {shape}, {wrong}"
            )
        return found

    def files(self) -> tuple[str, ...]:
        """Returns the files it is made of."""
        return tuple(self._ask("files", are_texts, "the paths of its files, a tuple of texts,"))

    def check(self) -> list[CheckpointError]:
        """Returns what is wrong but for the values."""
        return list(self._ask("check", _are_errors, "a list of CheckpointError"))

    def kinds(self) -> Mapping[str, str]:
        """Returns the kinds of variables that its format knows to be no weights; most know none."""
        if not hasattr(self._index, "kinds"):
            return {}
        words = "kinds of its variables by their names"
        kinds: Mapping[str, str] = self._ask("kinds", is_a(Mapping), words)
        return kinds

    def fixed_names(self) -> frozenset[str]:
        """Returns the variables whose values its graph has within itself; most have none."""
        if not hasattr(self._index, "fixed_names"):
            return frozenset()
        return frozenset(self._ask("fixed_names", are_texts, "names, a tuple of texts,"))

    def known_names(self) -> Mapping[str, VariableName]:
        """Returns what its variables are, where more is known of them than their names say."""
        if not hasattr(self._index, "known_names"):
            return {}
        words = "names taken apart by name"
        known: Mapping[str, VariableName] = self._ask("known_names", is_a(Mapping), words)
        return known

    def other_names(self) -> Mapping[str, str]:
        """Returns names of its variables by other names that they go by as well; most have none."""
        if not hasattr(self._index, "other_names"):
            return {}
        words = "names of its variables by other names"
        others: Mapping[str, str] = self._ask("other_names", is_a(Mapping), words)
        return others

    def _ask(self, method: str, fits: Callable[[Any], bool], words: str, *given: Any) -> Any:
        call = getattr(self._index, method)
        return asked(self._whose, method, call=lambda: call(*given), fits=fits, words=words)


_PIECE = ("region", "path", "stream", "require", "stored_bytes")


@functools.lru_cache(maxsize=64)
def _has_all(kind: type) -> bool:
    """Tells whether all of a class are pieces: asked for each of a checkpoint's, once for most."""
    return all(hasattr(kind, name) for name in _PIECE)


def _unlike(shape: tuple[int, ...], parts: Sequence[Part]) -> str:
    """Returns what keeps pieces from making up a value; "" if nothing does."""
    for part in parts:
        if not _has_all(type(part)) and (lacking := [n for n in _PIECE if not hasattr(part, n)]):
            return f"found one without {', '.join(lacking)}: {briefly(part)}"
        region = part.region
        if not isinstance(region, Region):
            return f"found the region {briefly(region)}"
        ranks = {len(region.start), len(region.shape), len(shape)}
        if len(ranks) > 1 or any(
            start < 0 or size < 0 or start + size > whole
            for start, size, whole in zip(*region, shape, strict=True)
        ):
            return f"found one of shape {region.shape} at {region.start}"
    if len(parts) == 1 and parts[0].region.shape == shape:  # nearly all are
        return ""
    wrong = uncovered([part.region for part in parts], shape)
    return f"found that {wrong}" if wrong else ""


def is_index(found: Any) -> bool:
    """Tells whether something has the methods of an index."""
    return all(callable(getattr(found, method, None)) for method in _METHODS)


def _is_found(found: Any) -> bool:
    if not isinstance(found, tuple) or len(found) != 3:
        return False
    stored, shape, parts = found
    sizes = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    pieces = isinstance(parts, (tuple, list)) and all(hasattr(part, "stream") for part in parts)
    return sizes and pieces and isinstance(stored, StoredType)


def _are_errors(found: Any) -> bool:
    return is_a(tuple, list)(found) and all(isinstance(one, CheckpointError) for one in found)
