"""Outputs that differ: with which other pairing of inputs, or of sources, they would agree.

Neither is taken without being asked for; it is said.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Protocol

from tf1compat.keras3 import ModelIndex
from tf1compat.migration.layouts.layout import IDENTITY
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification.given import Given
from tf1compat.migration.verification.proof import Proof
from tf1compat.names import paste_rule

__all__ = ["Sides", "exchanges", "otherwise"]

_MOST = 24  # exchanges that are tried; each runs both sides

Unit = Sequence[Fill]
"""What is exchanged as a whole: a layer's lines, or one of them."""


class Sides(Protocol):
    """Both sides, ready to be run."""

    given: Given

    def agrees(self) -> bool:
        """Tells whether the outputs agree with the checkpoint's values."""

    def prove(self) -> Proof:
        """Returns the proof by the model's outputs."""


def otherwise(proof: Proof, paired: Iterable[Sides], filled: Iterable[tuple[str, Sides]]) -> Proof:
    """Returns a proof that doesn't agree, with the way in which it would, if one is found.

    Of a plan that swaps two branches, the outputs agree if the inputs are swapped as well; of one
    that swaps two kernels of one shape, if these are exchanged.

    Args:
      proof: the proof.
      paired: the sides with inputs paired otherwise.
      filled: the sides with weights filled otherwise, each behind what that is in words.
    """
    for sides in paired:
        if sides.agrees():
            said = f"the outputs agree if it is so: --inputs={sides.given.said()}"
            return dataclasses.replace(proof, notes=(*proof.notes, said))
    for words, sides in filled:
        if sides.agrees() and sides.prove().agrees:
            said = f"the outputs agree if {words}"
            return dataclasses.replace(proof, notes=(*proof.notes, said))
    return proof


def exchanges(plan: Plan, index: ModelIndex, proof: Proof) -> Iterator[tuple[str, Plan]]:
    """Yields plans in which the first layer that differs has the sources of another like it.

    And those in which two weights of that layer do; of any layer, where it isn't known which is the
    first. Equal names on both sides may well stand for other things: of two kernels of attention,
    one author's ``W1`` is the other's ``W2``.
    """
    first = proof.divergence.layer if proof.divergence else ""
    layers: dict[str, list[Fill]] = defaultdict(list)
    for fill in plan.fills:
        layers[index[fill.target].layer_path].append(fill)
    near = [path for path in layers if not first or _within(path, first)]
    alike: dict[Hashable, list[str]] = defaultdict(list)
    for path, fills in layers.items():
        alike[_kind(plan, fills)].append(path)
    whole = (
        (layers[one], layers[other])
        for one in near
        for other in alike[_kind(plan, layers[one])]
        if other != one
    )
    single = (
        ([a], [b])
        for one in near
        for a, b in itertools.combinations(layers[one], 2)
        if _kind(plan, [a]) == _kind(plan, [b])
    )
    pairs: dict[frozenset[str], tuple[Unit, Unit]] = {}
    for one, other in itertools.islice(itertools.chain(whole, single), 4 * _MOST):
        pairs.setdefault(frozenset(fill.target for fill in (*one, *other)), (one, other))
    if first or len(pairs) <= _MOST:  # else nobody says where to begin
        for left, right in itertools.islice(pairs.values(), _MOST):
            yield _words(left, right), _exchanged(plan, left, right)


def _within(path: str, layer: str) -> bool:
    return path == layer or path.startswith(f"{layer}/") or layer.startswith(f"{path}/")


def _kind(plan: Plan, unit: Unit) -> Hashable:
    """Returns what units have in common that can be exchanged: of each line, shapes and layout."""
    return tuple(
        sorted(
            (str(plan.targets[f.target]), f.layout, *(str(plan.sources[s]) for s in f.sources))
            for f in unit
        )
    )


def _ordered(unit: Unit) -> list[Fill]:
    return sorted(unit, key=lambda fill: (fill.layout, fill.target.rpartition("/")[2]))


def _exchanged(plan: Plan, one: Unit, other: Unit) -> Plan:
    pairs = list(zip(_ordered(one), _ordered(other), strict=True))
    sources = {a.target: b.sources for a, b in pairs} | {b.target: a.sources for a, b in pairs}
    fills = [
        dataclasses.replace(fill, sources=sources.get(fill.target, fill.sources))
        for fill in plan.fills
    ]
    return dataclasses.replace(plan, fills=tuple(fills))


def _words(one: Unit, other: Unit) -> str:
    pairs = list(zip(_ordered(one), _ordered(other), strict=True))
    named = " and ".join(
        f"{', '.join(a.sources)} and {', '.join(b.sources)} are exchanged" for a, b in pairs
    )
    plain = all(len(f.sources) == 1 and f.layout == str(IDENTITY) for f in (*one, *other))
    if not plain:
        return named
    rules = [paste_rule(b.sources[0], a.target) for a, b in pairs]
    rules += [paste_rule(a.sources[0], b.target) for a, b in pairs]
    return f"{named}: {' '.join(rules)}"
