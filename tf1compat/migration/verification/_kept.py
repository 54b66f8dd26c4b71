"""What a kept weight leaves to be proved: the layers before it, by their own outputs.

A new head keeps its initial values, and the v1 graph has none like it. What the model computes then
equals nothing of the graph; what its layers compute before the head does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from tf1compat.keras3 import ModelIndex
from tf1compat.migration.planning.plan import Plan

__all__ = ["Frontier", "frontiers"]


@dataclasses.dataclass(frozen=True)
class Frontier:
    """Where the part of a model ends that no kept weight changes.

    Attributes:
      layers: paths of its last layers.
      behind: by path, for each weight that isn't in that part, the kept weight that is before it.
    """

    layers: tuple[str, ...]
    behind: Mapping[str, str] = dataclasses.field(compare=False)

    def reasons(self) -> dict[str, str]:
        """Returns by path why weights beyond it aren't reached."""
        return {
            path: f"behind {kept}, which is kept" if path != kept else "kept"
            for path, kept in self.behind.items()
        }


def frontiers(plan: Plan, index: ModelIndex) -> tuple[Frontier, ...]:
    """Returns where the part of a model ends that kept weights don't change, the farthest first.

    Some kept weights change nothing, as a scale of ones; so the first leaves aside only what is
    behind the last of them, and the second all. None where nothing is kept, or it can't be told.
    """
    kept = [keep.target for keep in plan.keeps if index[keep.target].kind == "weight"]
    first = {index[path].layer_path: path for path in reversed(kept)}
    producers = index.producers
    last = {
        layer: path
        for layer, path in first.items()
        if not first.keys() & (_downstream(producers, {layer: path}).keys() - {layer})
    }
    found = [_frontier(index, _downstream(producers, some)) for some in (last, first) if some]
    return tuple(dict.fromkeys(one for one in found if one.layers))


def _frontier(index: ModelIndex, beyond: Mapping[str, str]) -> Frontier:
    before = [layer for layer in index.producers if layer not in beyond]
    feeding = {feeder for layer in before for feeder in index.producers[layer]}
    return Frontier(
        layers=tuple(layer for layer in before if layer not in feeding),
        behind={
            path: beyond[weight.layer_path]
            for path, weight in index.items()
            if weight.layer_path in beyond
        },
    )


def _downstream(producers: Mapping[str, Sequence[str]], first: Mapping[str, str]) -> dict[str, str]:
    """Returns, by layer, the kept weight of `first` that it holds or is fed by."""
    beyond = dict(first)
    moved = True
    while moved:
        moved = False
        for layer, feeders in producers.items():
            kept = next((beyond[feeder] for feeder in feeders if feeder in beyond), None)
            if layer not in beyond and kept is not None:
                beyond[layer] = kept
                moved = True
    return beyond
