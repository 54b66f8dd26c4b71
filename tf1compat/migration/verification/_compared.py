"""Outputs of the model and the tensors of the v1 graph that they are compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.migration.matching.places import is_automatic, make_places
from tf1compat.migration.verification.outputs import as_rows, output_difference
from tf1compat.names.graph_names import op_name

__all__ = ["Compared", "is_called", "nearest_tensors"]

# Words that say that it is an output, and no more.
_ADDED = re.compile(r"(^|_)(heads?|outputs?|out|layer)(?=_|$)")


class Compared(NamedTuple):
    """The tensors that outputs are compared with, and what telling them computed of both sides."""

    names: Sequence[str]
    found: Sequence[np.ndarray] = ()
    tensors: Mapping[str, np.ndarray] = MappingProxyType({})

    def agree(self, tolerance: float) -> bool:
        """Tells whether each output is its tensor."""
        pairs = zip(self.names, self.found, strict=True)
        gaps = (output_difference(name, self.tensors[name], y) for name, y in pairs)
        return all(gap.within(tolerance) for gap in gaps)


Tensors = Mapping[str, np.ndarray]


def nearest_tensors(
    found: Sequence[np.ndarray], tensors: Tensors, called: Sequence[str]
) -> Compared:
    """Returns, for each output of the model, the tensor that is nearest to it.

    Args:
      found: the outputs.
      tensors: those that may be.
      called: names of the outputs: a tensor that has the name of another output is taken only if
        there is no other of its shape.

    Raises:
      UsageError: none has the shape of an output.
    """
    nearest = [
        _nearest(_own(tensors, called, number), y, otherwise=tensors)
        for number, y in enumerate(found)
    ]
    return Compared(nearest, found, {name: tensors[name] for name in nearest})


def _own(tensors: Tensors, called: Sequence[str], number: int) -> Tensors:
    """Returns the tensors that aren't called like another output and not like this one.

    Names that layers have without being given one tell nothing.
    """
    places = zip(called, make_places(called), strict=True)
    told = frozenset(name for name, place in places if not is_automatic(place))
    own = frozenset(called[number : number + 1])
    others = told - own
    return {n: x for n, x in tensors.items() if is_called(n, own) or not is_called(n, others)}


def is_called(tensor: str, names: Iterable[str]) -> bool:
    """Tells whether a level of a tensor's path is one of some names, but for words like head."""
    levels = {_bare(level) for level in op_name(tensor).split("/")}
    return not levels.isdisjoint(map(_bare, names))


def _bare(name: str) -> str:
    return _ADDED.sub("", name.lower()).strip("_") or name.lower()


def _nearest(tensors: Tensors, value: np.ndarray, *, otherwise: Tensors) -> str:
    """Returns the tensor that is nearest to a value; if none has its shape, of all `otherwise`."""
    for some in (tensors, otherwise):
        gaps = {
            name: output_difference(name, tensor, value).max_abs
            for name, tensor in some.items()
            if as_rows(tensor, value.shape).shape == value.shape
        }
        if gaps:
            break
    else:
        raise UsageError(
            f"expected a tensor of the v1 graph of the shape {list(value.shape)} of a model's "
            "output, found none; name the graph's outputs, in the model's order"
        )
    return min(reversed(gaps), key=lambda name: gaps[name])  # of equals the last: nearest the end
