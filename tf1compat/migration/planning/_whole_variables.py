"""Weights that are parts of one variable, and constants that are added to a variable's values.

Both matter to optimizers whose steps depend on whole variables, or on values.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import Entry
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.carrying.family import Family, Taker
from tf1compat.migration.layouts.answers import applied, part_of
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning._slot_fills import changes_values
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.specs import source_spec

__all__ = ["WholeVariables", "stable_path"]


@dataclasses.dataclass(frozen=True)
class WholeVariables:
    """What weights are that isn't a variable of its own, as far as an optimizer's steps differ.

    Attributes:
      family: the optimizer of 1.x.
      taker: what is known of the one that goes on.
      optimizer: that one itself.
      weights: the lines of the weights that are trained.
      index: the model's index.
      checkpoint: the variables.
    """

    family: Family
    taker: Taker
    optimizer: Any
    weights: Sequence[Fill]
    index: ModelIndex
    checkpoint: Mapping[str, Entry]

    def shifted(self) -> list[str]:
        """Returns the weights with constants of which the optimizer isn't told."""
        told = getattr(self.optimizer, "added_constants", {})
        return [path for path in self._constants() if not self._is_told(path, told)]

    def _is_told(self, path: str, told: Mapping[str, np.ndarray]) -> bool:
        value = told.get(self.index[path].keras_path)
        return value is not None and np.array_equal(value, self._constants()[path])

    def parted(self) -> list[str]:
        """Returns the weights that are parts, or joined ones, of which the optimizer isn't told."""
        told = getattr(self.optimizer, "joined_paths", [])
        known = {
            path
            for group in self.groups()
            if [self.index[one].keras_path for one in group] in told
            for path in group
        }
        return [path for path in self._parts() if path not in known]

    def settings(self) -> dict[str, object]:
        """Returns what is to be told to an optimizer of 1.x's arithmetic, by its arguments."""
        added = {self._keras(path): _ranges(flat) for path, flat in self._constants().items()}
        joined = [[self._keras(path) for path in group] for group in self.groups()]
        return {key: value for key, value in (("joined", joined), ("added", added)) if value}

    def _constants(self) -> dict[str, np.ndarray]:
        """Returns the constants in weights on whose values steps depend, by path."""
        return {
            fill.target: _added(fill, self.checkpoint)
            for fill in self.weights
            if changes_values(parse_layout(fill.layout)) and self._by_value(fill.target)
        }

    def groups(self) -> list[list[str]]:
        """Returns the weights that together are all rows of one variable, in their order."""
        parts: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        wanted = {*self._parts()}
        for fill in self.weights:
            layout = parse_layout(fill.layout)
            if fill.target in wanted and layout.takes_part and len(fill.sources) == 1:
                spec = source_spec(self.checkpoint[fill.sources[0]])
                rows, *others = part_of(layout, spec)
                if all(len(one) == size for one, size in zip(others, spec.shape[1:], strict=True)):
                    parts[fill.sources[0]].append((min(rows), max(rows) + 1, fill.target))
        found = []
        for source, some in parts.items():
            ends = [0, *(stop for _, stop, _ in sorted(some))]
            starts = [
                *(start for start, _, _ in sorted(some)),
                source_spec(self.checkpoint[source]).shape[0],
            ]
            if ends == starts:
                found.append([target for _, _, target in sorted(some)])
        return found

    def _parts(self) -> list[str]:
        return [
            fill.target
            for fill in self.weights
            if (parse_layout(fill.layout).takes_part or len(fill.sources) > 1)
            and self.by_whole(fill.target)
        ]

    def _by_value(self, path: str) -> bool:
        return self.family.by_value or any(self._has(name, path) for name in self.taker.by_weight)

    def by_whole(self, path: str) -> bool:
        """Returns whether the steps on a weight depend on the whole of it."""
        whole = self.family.by_whole
        return self._has(whole, path) if whole in self.taker.by_weight else bool(whole)

    def _has(self, name: str, path: str) -> bool:
        tells = getattr(self.optimizer, self.taker.by_weight[name][1], None)
        return tells is None or bool(tells(self.index[path].keras_path))

    def _keras(self, path: str) -> str:
        return stable_path(self.index, path)


def stable_path(index: ModelIndex, path: str) -> str:
    """Returns a weight's path in Keras without the name of the model, which Keras may number."""
    return index[path].keras_path.removeprefix(f"{index.model.name}/")


def _added(fill: Fill, checkpoint: Mapping[str, Entry]) -> np.ndarray:
    """Returns what a layout adds to elements."""
    specs = [source_spec(checkpoint[source]) for source in fill.sources]
    zeros = [np.zeros(spec.shape, numpy_dtype(spec.dtype)) for spec in specs]
    return applied(parse_layout(fill.layout), zeros)


def _ranges(constants: np.ndarray) -> list[list[float]]:
    """Returns where equal constants are: first element, flat, the last but one, the constant."""
    flat = np.ravel(constants).astype(np.float64)
    edges = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), flat.size]
    return [[a, b, float(flat[a])] for a, b in itertools.pairwise(edges) if flat[a]]
