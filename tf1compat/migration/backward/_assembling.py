"""Sources put together from the weights that they fill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.comparing import same_bits, unequal_bits, unequal_elements
from tf1compat.errors import LayoutError, Problem
from tf1compat.migration.backward._linked_fills import linked_fills
from tf1compat.migration.layouts.answers import applied, pieces, rounding_of
from tf1compat.migration.layouts.giving_back import given_back, index_of
from tf1compat.migration.layouts.layout import Layout, Piece, Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning.lines import Fill

__all__ = ["Assembly"]

Values = Mapping[str, np.ndarray]

_APART = (
    "give these weights one value; or, where they are to differ from now on, the v1 graph has no "
    "place for both"
)


class Assembly:
    """Makes each source of what the weights that it filled hold now.

    Each weight is laid out anew from what was made, and must be as it was.

    Attributes:
      problems: what can't go back, once :meth:`values` has ended.
      rounded: by a weight's path, by how much it differs from its sources laid out anew.
      summed: paths of weights that hold apart what the v1 graph has one number for.
      left: by a weight's path, how many of its elements have no place in a source.
    """

    def __init__(
        self, fills: Iterable[Fill], entries: Mapping[str, Entry], read: Callable[[str], np.ndarray]
    ) -> None:
        """Makes one.

        Args:
          fills: lines of a complete plan.
          entries: the checkpoint that the plan was made for.
          read: returns a weight's value by its path.
        """
        self._fills = tuple(fills)
        self._entries = entries
        self._read = read
        self.problems: list[Problem] = []
        self.rounded: dict[str, float] = {}
        self.summed: list[str] = []
        self.left: dict[str, int] = {}

    def values(self) -> Iterator[tuple[str, np.ndarray | None]]:
        """Yields each source that is used and its value; None where that is what it was.

        Sources that go back together are held together, all others one after the other.

        Raises:
          CheckpointError: a source, or a weight, is damaged.
        """
        for fills in linked_fills(self._fills):
            names = dict.fromkeys(name for fill in fills for name in fill.sources)
            before = {name: self._entries[name].read() for name in names}
            after = self._put_together(fills, before)
            for name, value in after.items():
                yield name, None if same_bits(value, before[name]) else value

    def _put_together(self, fills: Sequence[Fill], before: Values) -> Values:
        """Returns the sources of fills, once what they make was looked at."""
        after = {name: value.copy() for name, value in before.items()}
        places = {name: _Places(name, value) for name, value in after.items()}
        targets = {fill.target: self._read(fill.target) for fill in fills}
        known = len(self.problems)
        for fill in fills:
            layout, target = parse_layout(fill.layout), targets[fill.target]
            try:
                found = given_back(layout, target, [before[name] for name in fill.sources])
            except LayoutError as error:
                self.problems.append(Problem(fill.target, "a value that goes back", str(error)))
                continue
            for name, piece in zip(fill.sources, found, strict=True):
                self.problems += places[name].take(piece, fill.target)
            if missing := target.size - sum(piece.value.size for piece in found):
                self.left |= {fill.target: missing} if layout.merges else {}
        for fill in fills if len(self.problems) == known else ():
            self._require_made(fill, [after[name] for name in fill.sources], targets[fill.target])
        return after

    def _require_made(self, fill: Fill, sources: Sequence[np.ndarray], target: np.ndarray) -> None:
        """Notes a problem where sources don't make the weight that they came from."""
        layout = parse_layout(fill.layout)
        made = applied(layout, [*sources, target] if layout.merges else sources)
        if same_bits(made, target):
            return
        specs = [Spec(source.shape, source.dtype.name) for source in sources]
        rounding = rounding_of(layout, specs)
        if layout.inverse_sums and _comes_back(layout, made, sources, specs):
            self.summed.append(fill.target)
            return
        _, gaps = unequal_elements(made, target)
        gap = float(gaps.max()) if gaps.size else 0.0
        if rounding and gap <= rounding * _largest(made, target):
            self.rounded[fill.target] = gap
            return
        what = f"another, by up to {gap:.3g}" if gaps.size else "one with other bits"
        self.problems.append(
            Problem(fill.target, f"its value of {', '.join(fill.sources)} laid out anew", what)
        )


class _Places:
    """One source while it is filled, part by part, and which weight filled what of it."""

    def __init__(self, name: str, value: np.ndarray) -> None:
        self._name = name
        self._value = value
        self._targets: list[str] = []
        self._taken: np.ndarray | None = None

    def take(self, piece: Piece, target: str) -> Iterator[Problem]:
        """Puts a piece in its place; yields a problem where another weight says otherwise."""
        index = index_of(piece.index)
        here = self._value[index]
        if piece.value.dtype != here.dtype or piece.value.shape != here.shape:
            found = f"{Spec(piece.value.shape, piece.value.dtype.name)} of {target}"
            yield Problem(self._name, str(Spec(here.shape, here.dtype.name)), found)
            return
        if self._targets:
            yield from self._differing(piece, index, target)
        self._note(index, target)
        self._value[index] = piece.value

    def _note(self, index: tuple[slice | list[int], ...], target: str) -> None:
        self._targets.append(target)
        if self._taken is None:
            self._taken = np.zeros(self._value.shape, bool)
        self._taken[index] = True

    def _differing(
        self, piece: Piece, index: tuple[slice | list[int], ...], target: str
    ) -> Iterator[Problem]:
        taken = np.zeros(0, bool) if self._taken is None else self._taken[index]
        here = self._value[index]
        elements = unequal_bits(np.asarray(here[taken]), np.asarray(piece.value[taken]))
        if elements:
            others = ", ".join(self._targets)
            expected = f"one value of {others} and {target}, which it fills both"
            found = f"{elements} of {piece.value.size} elements that differ"
            yield Problem(self._name, expected, found, remedy=_APART)


def _comes_back(
    layout: Layout, made: np.ndarray, sources: Sequence[np.ndarray], specs: Sequence[Spec]
) -> bool:
    """Tells whether what sources make gives the same sources back."""
    again = pieces(layout, made, specs)
    return all(
        same_bits(source[index_of(piece.index)], piece.value)
        for source, piece in zip(sources, again, strict=True)
    )


def _largest(*arrays: np.ndarray) -> float:
    finite = [np.abs(one[np.isfinite(one)]) for one in arrays]
    return max((float(one.max()) for one in finite if one.size), default=0.0)
