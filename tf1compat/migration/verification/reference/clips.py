"""Bounds that a graph clips at, and whether any value reached them.

What is clipped at 20 computes the same as what isn't, as long as nothing is above 20.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from tf1compat.migration.verification.reference._protos import number_of
from tf1compat.names.graph_names import tensor_name

__all__ = ["Clip", "clips_of", "unreached"]

_LEAST = 1e-3  # lower bounds nearer to zero keep divisors and logarithms from it
_REALS = frozenset((1, 2, 14, 19))  # DataTypes; whole numbers are counts and places
_EITHER = ((0, 1), (1, 0))
# Where an op has what it clips, and what at.
_OPERANDS = {"Minimum": _EITHER, "Maximum": _EITHER, "ClipByValue": ((0, 1, 2),)}


class Clip(NamedTuple):
    """An op that clips.

    Attributes:
      output: its tensor.
      clipped: the tensor that it clips.
      bounds: what it clips at.
    """

    output: str
    clipped: str
    bounds: tuple[float, ...]


def clips_of(nodes: Iterable[Any]) -> list[Clip]:
    """Returns the ops of a graph that clip at constants."""
    every = {node.name: node for node in nodes}
    reals = [node for node in every.values() if node.attr["T"].type in _REALS]
    return [clip for node in reals for clip in _clip(node, every)]


def _clip(node: Any, nodes: Mapping[str, Any]) -> Iterator[Clip]:
    for data, *places in _OPERANDS.get(node.op, ()):
        bounds = [number_of(node.input[place], nodes) for place in places]
        known = tuple(bound for bound in bounds if bound is not None)
        if len(known) == len(bounds):
            if max(map(abs, known)) > _LEAST:
                yield Clip(tensor_name(node.name), tensor_name(node.input[data]), known)
            return


def unreached(clips: Iterable[Clip], tensors: Mapping[str, np.ndarray]) -> list[Clip]:
    """Returns the clips that changed nothing of what they clip, where both tensors are known."""
    return [
        clip
        for clip in clips
        if clip.output in tensors
        and clip.clipped in tensors
        and np.array_equal(tensors[clip.output], tensors[clip.clipped])
    ]
