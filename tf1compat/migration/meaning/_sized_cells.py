"""Cells of 1.x under a name that their author gave: known by what the model has their sizes for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.matching import Item
from tf1compat.migration.matching.places import is_automatic, make_places
from tf1compat.migration.matching.shapes import same_elements
from tf1compat.migration.meaning.base import Source

__all__ = ["ASKS_OF_A_CELL", "lstm_sized", "lstm_sizes"]

ASKS_OF_A_CELL = (
    "it has the sizes of an LSTM cell of 1.x under a name of its author's own. If it is one (gates "
    "i, j, f, o), say what it adds to its forget gate, which no file tells without the graph: "
    "forget_bias=1.0 unless the program said otherwise. If not, give rules with layouts"
)
_GATES = 4
_RECURRENT = frozenset(("lstm", "rnn", "bidirectional"))


def lstm_sized(
    source: Source, scope: str, held: Mapping[str, Entry], sizes: Collection[tuple[int, int]]
) -> tuple[Entry, Entry] | None:
    """Returns kernel and bias of a scope whose sizes are an LSTM cell's of the model alone.

    None where names say that it is a layer of another kind, or the model has a weight that its
    kernel could fill as it is.
    """
    if not sizes or {*held} != {"kernel", "bias"} or not scope:
        return None
    kernel, bias = held["kernel"], held["bias"]
    if len(kernel.shape) != 2 or bias.shape != kernel.shape[1:] or kernel.shape[1] % _GATES:
        return None
    units = kernel.shape[1] // _GATES
    if (kernel.shape[0] - units, units) not in sizes or _is_another(scope):
        return None
    own = any(same_elements(kernel.shape, item.shape) for item in source.targets.values())
    return None if own else (kernel, bias)


def _is_another(scope: str) -> bool:
    """Tells whether a scope has the name of a layer that is no recurrent one, as `dense` is."""
    (place,) = make_places([scope])
    return is_automatic(place) and _RECURRENT.isdisjoint(place.words)


def lstm_sizes(source: Source) -> Iterator[tuple[int, int]]:
    """Yields inputs and units of each layer of the model that has an LSTM's weights."""
    layers: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in source.targets.values():
        layers[item.module][item.role] = item
    for held in layers.values():
        shapes = {role: item.shape for role, item in held.items()}
        inputs, columns = (*shapes.get("kernel", ()), 0, 0)[:2]
        units = columns // _GATES
        if shapes.get("recurrent_kernel") == (units, columns) and shapes.get("bias") == (columns,):
            yield inputs, units
