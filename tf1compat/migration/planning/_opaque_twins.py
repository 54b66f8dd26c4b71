"""CuDNN's opaque variables whose numbers are beside them once more, in canonical form.

A 1.x Saver without a list of variables saves both, and restores the canonical form last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from tf1compat.checkpoint import Checkpoint
from tf1compat.checkpoint.comparing import same_bits
from tf1compat.errors import CheckpointError
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.meaning import Part
from tf1compat.migration.meaning.of_opaque import canonical_scopes
from tf1compat.migration.meaning.opaque_stack import GRU_GATES, OpaqueStack
from tf1compat.migration.planning._kinds import OPAQUE_TWIN
from tf1compat.migration.planning.lines import Drop, Fill
from tf1compat.names.order import number_of

__all__ = ["opaque_twins"]

_ROLES = ("kernel", "recurrent_kernel", "bias")


def opaque_twins(
    names: Iterable[str], parts: Mapping[str, Part], fills: Iterable[Fill], checkpoint: Checkpoint
) -> Iterator[Drop]:
    """Yields a drop of each opaque variable that holds the numbers of canonical ones that fill.

    Args:
      names: variables that go nowhere as yet.
      parts: what variables are read as, by the paths that are matched.
      fills: what is filled.
      checkpoint: the open checkpoint.
    """
    used = {source for fill in fills for source in fill.sources}
    for name in names:
        entry = checkpoint[name]
        scopes = list(canonical_scopes(entry, checkpoint.values()))
        cells = [[parts.get(f"{scope}/{role}") for role in _ROLES] for scope in scopes]
        whole = [[part for part in cell if part is not None] for cell in cells]
        if not whole or any(len(cell) < len(_ROLES) for cell in whole):
            continue
        if used.issuperset(source for cell in whole for part in cell for source in part.sources):
            stack = _stack(whole)
            if (stack.size,) == entry.shape and _same(name, stack, whole, checkpoint):
                yield Drop(name, OPAQUE_TWIN.because(scope=scopes[0]))


def _stack(cells: list[list[Part]]) -> OpaqueStack:
    kernel, state, _ = cells[0]
    units, columns = state.shape
    both = "/bidirectional_rnn/" in kernel.module
    directions = 2 if both else 1
    return OpaqueStack(
        columns // units, directions, len(cells) // directions, units, kernel.shape[0]
    )


def _same(name: str, stack: OpaqueStack, cells: list[list[Part]], checkpoint: Checkpoint) -> bool:
    """Tells whether both forms make the same weights.

    Scopes are in natural order: layer by layer, but backward before forward.
    """
    ordered = sorted(cells, key=lambda cell: _place(cell[0].module))
    canonical = [part for cell in ordered for part in cell]
    opaque = stack.parts(name, "", OPAQUE_TWIN.because(scope=""))
    try:
        return all(
            one.shape == other.shape
            and same_bits(_made(one, checkpoint, stack), _made(other, checkpoint, stack))
            for one, other in zip(opaque, canonical, strict=True)
        )
    except (CheckpointError, ValueError):  # damaged, or of other numbers of layers
        return False


def _place(module: str) -> tuple[int, bool]:
    number = next(level for level in module.split("/")[::-1] if level.startswith("cell_"))
    return number_of(number.removeprefix("cell_")), "/bidirectional_rnn/bw/" in f"{module}/"


def _made(part: Part, checkpoint: Checkpoint, stack: OpaqueStack) -> np.ndarray:
    """Returns what a part makes; of two biases that are always added, their sum alone."""
    made = parse_layout(part.layout).apply(*(checkpoint[one].read() for one in part.sources))
    if part.role == "bias" and stack.gates == GRU_GATES:
        added = 2 * stack.units
        return np.concatenate([made[0, :added] + made[1, :added], made[:, added:].reshape(-1)])
    return made
