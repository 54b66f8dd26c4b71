"""Where a layout puts the gates of a recurrent cell: told by laying out marks in their places."""

from __future__ import annotations

import numpy as np

from tf1compat.checkpoint.meta.using import FORGET
from tf1compat.migration.layouts.answers import applied
from tf1compat.migration.layouts.layout import Layout
from tf1compat.migration.uses.agreement import Agreement

__all__ = ["gates_made", "gates_wanted"]

_APART = 8.0  # from one gate's mark to the next: exact in float16, and more than any forget_bias


def gates_made(layout: Layout, shape: tuple[int, ...], agreed: Agreement) -> tuple[str, ...] | None:
    """Returns the gates that a layout makes of a source's, in order, with what it adds to them.

    Whatever the layout is, its result is looked at: None where a part of it is of several gates.

    Args:
      layout: of one source; it neither sums nor keeps rows of the target's.
      shape: the source's.
      agreed: how the source and its target go together; both have gates.
    """
    gates = agreed.source.gates
    axis = agreed.order[-1] if agreed.order else len(shape) - 1
    of_each = np.repeat(_APART * np.arange(len(gates)), shape[axis] // len(gates))
    marks = np.broadcast_to(of_each.reshape(-1, *[1] * (len(shape) - 1 - axis)), shape)
    made = applied(layout, [np.ascontiguousarray(marks, np.float32)]).astype(np.float64)
    if not made.size or made.shape[-1] % len(gates):
        return None
    parts = [part.ravel() for part in np.split(made, len(gates), axis=-1)]
    if not all(np.allclose(part, part[0]) for part in parts):
        return None
    return tuple(_said(float(part[0]), gates) for part in parts)


def gates_wanted(agreed: Agreement) -> tuple[str, ...]:
    """Returns the gates of a target, in order, with what is to be added to the source's."""
    added = agreed.forget_bias
    return tuple(
        f"{gate} + {added:g}" if gate == FORGET and added else gate for gate in agreed.target.gates
    )


def _said(mark: float, gates: tuple[str, ...]) -> str:
    number = min(max(round(mark / _APART), 0), len(gates) - 1)
    added = round(mark - _APART * number, 3)
    return f"{gates[number]} + {added:g}" if added else gates[number]
