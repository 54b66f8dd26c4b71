"""Which stacks a model's recurrent layers make: those that one variable of CuDNN may hold."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tf1compat.migration.matching import Item
from tf1compat.migration.meaning.opaque_stack import LAYERS, OpaqueStack

__all__ = ["stacks_of_size"]


@dataclasses.dataclass(frozen=True)
class _Layer:
    """A recurrent layer of the model, in one direction.

    Attributes:
      gates: how many it has.
      units: its own.
      inputs: columns of its input.
      below: the layers that its input is made by; None where that isn't known.
    """

    gates: int
    units: int
    inputs: int
    below: frozenset[str] | None


def stacks_of_size(
    size: int, targets: Mapping[str, Item], flow: Mapping[str, Sequence[str]] | None
) -> list[OpaqueStack]:
    """Returns the stacks of a size that a model has.

    Args:
      size: how many numbers each has.
      targets: the model's weights by path.
      flow: for each weight the weights of the layers that feed its own; None if unknown.
    """
    layers = dict(_layers(targets, flow))
    found = dict.fromkeys(_of_size(size, layers.values()))
    if any(layer.below is None for layer in layers.values()):
        return [stack for stack in found if _has_layers(stack, layers)]
    return [stack for stack in found if _has_stack(stack, layers)]


def _layers(
    targets: Mapping[str, Item], flow: Mapping[str, Sequence[str]] | None
) -> Iterator[tuple[str, _Layer]]:
    held: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in targets.values():
        held[item.module][item.role] = item
    for module, roles in held.items():
        if {"kernel", "recurrent_kernel", "bias"} <= roles.keys():
            kernel, state = roles["kernel"], roles["recurrent_kernel"].shape
            gates = state[1] // state[0] if len(state) == 2 and state[0] else 0
            if gates in LAYERS and len(kernel.shape) == 2 and kernel.shape[1] == state[1]:
                feeding = (flow or {}).get(kernel.path)
                below = None if feeding is None else _modules(feeding)
                yield module, _Layer(gates, state[0], kernel.shape[0], below)


def _modules(paths: Sequence[str]) -> frozenset[str]:
    return frozenset(path.rpartition("/")[0] for path in paths)


def _of_size(size: int, layers: Iterable[_Layer]) -> Iterator[OpaqueStack]:
    every = list(layers)
    for one in every:
        for directions, count in itertools.product((1, 2), range(1, len(every) + 1)):
            stack = OpaqueStack(one.gates, directions, count, one.units, one.inputs)
            if stack.size == size:
                yield stack


def _has_layers(stack: OpaqueStack, layers: Mapping[str, _Layer]) -> bool:
    """Tells whether there are layers of the sizes, wherever they are."""
    there = Counter(
        one.inputs
        for one in layers.values()
        if (one.gates, one.units) == (stack.gates, stack.units)
    )
    needed = Counter(stack.inputs_of(number) for number in range(stack.layers))
    return all(there[inputs] >= stack.directions * count for inputs, count in needed.items())


def _has_stack(stack: OpaqueStack, layers: Mapping[str, _Layer]) -> bool:
    """Tells whether layers of the sizes stand on one another; those of both ways side by side."""
    groups: dict[tuple[int, frozenset[str] | None], list[str]] = defaultdict(list)
    for module, one in layers.items():
        if (one.gates, one.units) == (stack.gates, stack.units):
            groups[one.inputs, one.below].append(module)
    tops: set[frozenset[str]] = set()
    for number in range(stack.layers):
        tops = {
            frozenset(chosen)
            for (inputs, below), modules in groups.items()
            if inputs == stack.inputs_of(number) and (number == 0 or below in tops)
            for chosen in itertools.combinations(modules, stack.directions)
        }
    return bool(tops)
