"""What layouts answer, checked: they may come from outside the package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.layout import Index, Layout, Piece, Shape, Spec
from tf1compat.registry import asked, briefly

__all__ = ["added_by", "applied", "made_of", "part_of", "pieces", "rounding_of", "shown_range"]


def _asked(layout: Layout, method: str, *given: Any) -> Any:
    """Returns what a layout answers; whatever it raises is said to be its own."""
    return asked(
        f"layout {layout}",
        method,
        call=lambda: getattr(layout, method)(*given),
        error=LayoutError,
        passed=(LayoutError, MemoryError),
    )


def made_of(layout: Layout, sources: Sequence[Spec]) -> Spec:
    """Returns shape and dtype of what a layout makes of sources, before any is read.

    Raises:
      LayoutError: it can't be applied to them, or doesn't say what it makes.
    """
    made = _asked(layout, "spec", *sources)
    if not _is_spec(made):
        raise LayoutError(
            f"layout {layout}: expected the Spec of what it makes, a tuple of sizes and a dtype's "
            f"name, found {briefly(made)}"
        )
    return made


def applied(layout: Layout, sources: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the array that a layout makes of sources, the initial value last if it keeps some.

    Raises:
      LayoutError: it makes anything else than it says.
    """
    value = _asked(layout, "apply", *sources)
    if not isinstance(value, np.ndarray):
        raise LayoutError(
            f"layout {layout}: expected that it makes an array, found {briefly(value)}"
        )
    given = [Spec(source.shape, source.dtype.name) for source in sources]
    expected = given[-1] if layout.merges else made_of(layout, given)
    if (value.shape, value.dtype.name) != (expected.shape, expected.dtype):
        found = Spec(value.shape, value.dtype.name)
        raise LayoutError(f"layout {layout}: expected that it makes {expected}, found {found}")
    return value


def pieces(layout: Layout, target: np.ndarray, sources: Sequence[Spec]) -> tuple[Piece, ...]:
    """Returns what inverting a layout gives back, one piece a source, checked.

    Raises:
      LayoutError: it can't be inverted, or gives back anything but what it takes.
    """
    found = _asked(layout, "invert", target, *sources)
    if not isinstance(found, tuple) or not all(map(_is_piece, found)):
        raise LayoutError(
            f"layout {layout}: expected a tuple of Piece of its inverse, found {briefly(found)}"
        )
    if len(found) != len(sources):
        raise LayoutError(
            f"layout {layout}: expected {len(sources)} pieces of its inverse, found {len(found)}"
        )
    for piece, source in zip(found, sources, strict=True):
        taken, given = part_of(layout, source), positions(piece.index, source.shape)
        if given != taken or piece.value.shape != tuple(map(len, taken)):
            raise LayoutError(
                f"layout {layout}: expected its inverse to give back what it takes of {source}, "
                f"{_shown(taken)}, found {list(piece.value.shape)} for {_shown(given)}"
            )
    return found


def rounding_of(layout: Layout, sources: Sequence[Spec]) -> float:
    """Returns how far a layout's inverse may be from its sources, relative to the largest value.

    Raises:
      LayoutError: it answers no number from 0 to 1.
    """
    found = _asked(layout, "rounding", *sources)
    if not isinstance(found, (int, float)) or not 0 <= found < 1:
        raise LayoutError(f"layout {layout}: expected a rounding from 0.0 to 1.0, found {found!r}")
    return float(found)


def added_by(layout: Layout) -> float:
    """Returns the largest amount that a layout adds to values.

    Raises:
      LayoutError: it answers no number.
    """
    found = _asked(layout, "added")
    if not isinstance(found, (int, float)) or not 0 <= found < np.inf:
        raise LayoutError(f"layout {layout}: expected an amount of 0.0 or more, found {found!r}")
    return float(found)


def part_of(layout: Layout, source: Spec) -> tuple[Sequence[int], ...]:
    """Returns, for each axis of a source, the positions that a layout takes of it.

    Raises:
      LayoutError: it takes a part and doesn't say which, or one that isn't there.
    """
    index = _asked(layout, "part", source)
    if not _is_index(index) or len(index) > len(source.shape):
        raise LayoutError(
            f"layout {layout}: expected its part as a tuple of slices of {source}, found {index!r}"
        )
    taken = positions(index, source.shape)
    for axis, (one, size) in enumerate(zip(taken, source.shape, strict=True)):
        numbered = not isinstance(one, range)
        if (numbered and not _are_of(one, size)) or (size and not one):
            raise LayoutError(
                f"layout {layout}: expected its part along axis {axis} of {source} as distinct "
                f"positions from 0 to {size - 1}, at least one, found {briefly(tuple(one))}"
            )
    return taken


def _are_of(rows: Sequence[int], size: int) -> bool:
    return len(set(rows)) == len(rows) and all(0 <= row < size for row in rows)


def positions(index: Index, shape: Shape) -> tuple[Sequence[int], ...]:
    """Returns, for each axis, the positions that a slice or numbers stand for."""
    full = (*index, *[slice(None)] * (len(shape) - len(index)))
    return tuple(
        range(size)[one] if isinstance(one, slice) else one
        for one, size in zip(full, shape, strict=True)
    )


def _shown(taken: Sequence[Sequence[int]]) -> str:
    return f"[{', '.join(map(shown_range, taken))}]"


def shown_range(positions: Sequence[int]) -> str:
    """Returns ``[start, stop)`` and the step, if it isn't 1; of rows by number, how many."""
    if not isinstance(positions, range):
        return f"{len(positions)} rows"
    step = f" by {positions.step}" if positions.step != 1 else ""
    return f"[{positions.start}, {positions.stop}){step}"


def _is_spec(made: Any) -> bool:
    return (
        isinstance(made, Spec)
        and isinstance(made.shape, tuple)
        and all(isinstance(size, (int, np.integer)) for size in made.shape)
        and isinstance(made.dtype, str)
    )


def _is_piece(piece: Any) -> bool:
    return (
        isinstance(piece, Piece) and isinstance(piece.value, np.ndarray) and _is_index(piece.index)
    )


def _is_index(index: Any) -> bool:
    return isinstance(index, tuple) and all(
        isinstance(one, slice) or _are_rows(one) for one in index
    )


def _are_rows(one: Any) -> bool:
    return isinstance(one, tuple) and bool(one) and all(type(row) is int for row in one)
