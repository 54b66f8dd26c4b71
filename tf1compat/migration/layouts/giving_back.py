"""What a target makes of its sources, which keep their own bits where these hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf1compat.checkpoint.comparing import elements_alike, same_bits
from tf1compat.migration.layouts.answers import applied, pieces
from tf1compat.migration.layouts.layout import IDENTITY, Index, Layout, Piece, Spec

__all__ = ["given_back", "index_of"]


def given_back(
    layout: Layout, target: np.ndarray, sources: Sequence[np.ndarray]
) -> tuple[Piece, ...]:
    """Returns, for each source, the part that `target` holds of it now.

    Where the target is what the sources make, a source keeps its own bits, be it that the layout
    rounds. One that sums or computes can't tell which of its elements changed: then all of them are
    its inverse's.

    Args:
      layout: how the sources were laid out.
      target: the value to bring back.
      sources: the values that they had before.

    Raises:
      LayoutError: the layout can't be inverted, or not to the sources' dtypes.
    """
    specs = [Spec(source.shape, source.dtype.name) for source in sources]
    if layout.computes and same_bits(applied(layout, sources), target):
        return tuple(Piece((), source) for source in sources)
    found = pieces(layout, target, specs)
    if layout == IDENTITY:
        return found
    before = applied(layout, [*sources, target] if layout.merges else sources)
    if same_bits(before, target):
        again = found
    elif layout.sums or layout.computes:
        return found
    else:
        again = pieces(layout, before, specs)
    return tuple(
        Piece(new.index, _kept(source[index_of(new.index)], old=old.value, new=new.value))
        for source, old, new in zip(sources, again, found, strict=True)
    )


def index_of(index: Index) -> tuple[slice | list[int], ...]:
    """Returns the part of a source as numpy indexes it."""
    return tuple(list(one) if isinstance(one, tuple) else one for one in index)


def _kept(own: np.ndarray, *, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Returns `new`, but for its own elements where that is what came of them before."""
    if own.dtype != new.dtype or own.shape != new.shape:  # said by who takes it
        return new
    return np.where(elements_alike(old, new), own, new)
