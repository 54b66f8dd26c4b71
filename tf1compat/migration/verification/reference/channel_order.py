"""Axes that stand in another order on one side: channels first, as 1.x had them on GPUs, or steps.

Cells in one op take sequences with their steps before the batch, and so did their programs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["is_moved", "turn", "turned"]

Shape = Sequence[int | None]


def turn(shape: Shape, wanted: Shape) -> tuple[int, ...] | None:
    """Returns the order of axes in which something of a shape is of the wanted one.

    Axes stay where they are if that fits as well as moving channels, or exchanging steps and batch,
    does; a size that one side leaves open fits any, but better one that the other leaves open too.

    Returns:
      a permutation, as NumPy's ``transpose`` takes it; None where none of these fits.

    >>> turn((None, 3, 8, 9), (None, 8, 9, 3)), turn((2, 3), (None, 3)), turn((2, 3), (3, 2))
    ((0, 2, 3, 1), (0, 1), None)
    """
    if len(shape) != len(wanted):
        return None
    fitting = [axes for axes in _orders(len(shape)) if _fits([shape[a] for a in axes], wanted)]
    return min(fitting, key=lambda axes: _half_known(shape, axes, wanted), default=None)


def is_moved(axes: Sequence[int] | None) -> bool:
    """Tells whether an order of axes, as of :func:`turn`, is another than the one they are in."""
    return axes is not None and list(axes) != sorted(axes)


def turned(array: np.ndarray, shape: Shape) -> np.ndarray:
    """Returns an array with its axes in the order in which it is of a shape; else as it is."""
    axes = turn(array.shape, shape)
    return array if axes is None else array.transpose(axes)


def _orders(rank: int) -> list[tuple[int, ...]]:
    """Returns the axes as they are, with channels last, or first, and with the first two turned."""
    plain = tuple(range(rank))
    if rank < 3:
        return [plain]
    return [plain, (0, *plain[2:], 1), (0, rank - 1, *plain[1:-1]), (1, 0, *plain[2:])]


def _fits(shape: Shape, wanted: Shape) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(shape, wanted, strict=True))


def _half_known(shape: Shape, axes: Sequence[int], wanted: Shape) -> int:
    pairs = [(shape[axis], size) for axis, size in zip(axes, wanted, strict=True)]
    return sum((a is None) != (b is None) for a, b in pairs)
