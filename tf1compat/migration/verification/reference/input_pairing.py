"""Which placeholders of the v1 graph are which inputs of the model, and of what shape."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference.channel_order import is_moved, turn
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.names.graph_names import op_name
from tf1compat.names.spec_text import spec_text

__all__ = ["concrete_shapes", "customary_values", "fits", "pairings", "require_each", "shape_like"]

_BATCH, _LENGTH = 3, 5
# Pools, paddings and bands that differ may agree where a map is small, or all its sizes are odd.
_LONGER, _WIDER = 12, 48
_MOST = 24  # pairings that are tried
_MOST_LOOKED_AT = 5040


def pairings(
    inputs: Sequence[Any],
    placeholders: Sequence[InputSpec],
    *,
    called: Mapping[str, str] = MappingProxyType({}),
    may_be: Callable[[InputSpec, Any], bool] = lambda spec, one: True,
) -> list[dict[str, Any]]:
    """Returns the ways in which placeholders may be the model's inputs, none likelier than another.

    By name where all have the names of placeholders; else by kind of dtype, rank and sizes, and by
    the words of both names. Several where these don't tell, the one in the order of the graph
    first: then the outputs have to.

    Args:
      inputs: the model's, in its order; none where it doesn't say what it takes.
      placeholders: the graph's.
      called: names of placeholders by what a signature calls them.
      may_be: tells what else is known of a placeholder and an input.

    Returns:
      for each way, the model's inputs by the names of the placeholders that they are, in the
      model's order.

    Raises:
      UsageError: there aren't as many placeholders that fit.
    """
    if not inputs:
        return [{one.name: None for one in placeholders}]
    named = {**_by_leaf(placeholders), **called}
    if all(getattr(one, "name", None) in named for one in inputs):
        return [{named[one.name]: one for one in inputs}]
    ways = _assignments(
        inputs, placeholders, lambda spec, one: fits(spec, one) and may_be(spec, one)
    )
    every = list(itertools.islice(ways, _MOST_LOOKED_AT))
    if not every:
        raise UsageError(_asking(inputs, placeholders))
    shapes = {spec.name: spec.shape for spec in placeholders}
    ranks = [
        (-_turns(way, shapes), sum(_likeness(n, i.name) for n, i in way.items())) for way in every
    ]
    best = [way for way, rank in zip(every, ranks, strict=True) if rank == max(ranks)]
    return best[:_MOST]


def _turns(way: Mapping[str, Any], shapes: Mapping[str, Sequence[int | None] | None]) -> int:
    """Returns how many of the pairs have channels elsewhere: better none, where that fits."""
    pairs = [(one.shape, shape) for name, one in way.items() if (shape := shapes[name]) is not None]
    return sum(is_moved(turn(given, shape)) for given, shape in pairs)


def _assignments(
    inputs: Sequence[Any],
    placeholders: Sequence[InputSpec],
    may_be: Callable[[InputSpec, Any], bool],
) -> Iterator[dict[str, Any]]:
    """Yields the ways in which placeholders fit inputs, the one in the order of the graph first."""
    if not inputs:
        yield {}
        return
    first, *rest = inputs
    for spec in placeholders:
        if may_be(spec, first):
            left = [one for one in placeholders if one is not spec]
            for found in _assignments(rest, left, may_be):
                yield {spec.name: first, **found}


def _likeness(placeholder: str, name: str) -> int:
    """Returns how many words of a placeholder's name are, or begin, words of an input's."""
    words = _words(name)
    return sum(any(_is_one(a, b) for b in words) for a in _words(op_name(placeholder)))


def _words(name: str) -> list[str]:
    # No numbers: those of automatic names only count what was made before.
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def _is_one(a: str, b: str) -> bool:
    return a == b or (min(len(a), len(b)) > 2 and (a.startswith(b) or b.startswith(a)))


def _by_leaf(placeholders: Sequence[InputSpec]) -> dict[str, str]:
    return {op_name(one.name).rpartition("/")[2]: one.name for one in placeholders}


def _asking(inputs: Sequence[Any], placeholders: Sequence[InputSpec]) -> str:
    wanted = ", ".join(f"{one.name} {spec_text(one.dtype, one.shape)}" for one in inputs)
    there = ", ".join(f"{one.name} {one.dtype}{_shown(one.shape)}" for one in placeholders)
    return (
        f"expected a placeholder of the v1 graph for each input of the model ({wanted}), found "
        f"{there or 'none'}; name for each its tensor, or the value that it has there, "
        "as NAME=TENSOR or NAME=VALUE (--inputs)"
    )


def customary_values(inputs: Iterable[Any]) -> dict[str, int]:
    """Returns what inputs are, by name, if nothing is masked and there is but one segment."""
    found = {}
    for one in inputs:
        words = set(_words(one.name))
        if "mask" in words:
            found[one.name] = 1
        elif words & {"segment", "segments", "type", "types"}:
            found[one.name] = 0
    return found


def require_each(inputs: Sequence[Any], named: Iterable[str]) -> None:
    """Raises UsageError unless these are the names of all of a model's inputs."""
    own, given = [one.name for one in inputs], list(named)
    if sorted(own) != sorted(given):
        raise UsageError(
            f"expected each input of the model by its name ({', '.join(own) or 'it has none'}), "
            f"found {', '.join(given)}"
        )


def _shown(shape: Sequence[int | None] | None) -> str:
    return " of any rank" if shape is None else str(list(shape))


def fits(spec: InputSpec, given: Any) -> bool:
    """Tells whether a placeholder can be an input of the model, by dtype and shape.

    Channels may be first in the one and last in the other.
    """
    if _kind(spec.dtype) != _kind(str(given.dtype)):
        return False
    return spec.shape is None or turn(given.shape, spec.shape) is not None


def _kind(dtype: str) -> str:
    return dtype.rstrip("0123456789").removeprefix("b").removeprefix("u")


def concrete_shapes(
    paired: Mapping[str, Any],
    placeholders: Sequence[InputSpec],
    *,
    beside: Sequence[InputSpec] = (),
    larger: bool = False,
) -> dict[str, tuple[int, ...]]:
    """Returns a shape for each placeholder: what either side says, and a few where neither does.

    A batch that one of them fixes, or else one `beside` them in the graph, is that of all: a
    deconvolution's graph holds it, whatever its own input says. `larger` sizes are even, and more.
    """
    specs = {spec.name: spec for spec in placeholders}
    found = {}
    turned = set()  # those with steps before the batch
    for name, given in paired.items():
        shape = specs[name].shape
        own = tuple(given.shape) if given is not None else shape
        if shape is None:
            shape = own
        if shape is None or own is None:
            raise UsageError(f"{name}: its shape isn't known; give inputs of your own")
        axes = turn(own, shape) or tuple(range(len(own)))
        wanted = [own[axis] for axis in axes]
        if len(shape) != len(wanted):
            raise UsageError(
                f"{name}: expected a tensor like the model's input, {list(wanted)}, found one of "
                f"{list(shape)}; name the tensors to give the inputs to, in the model's order"
            )
        sizes = [b if a is None else a for a, b in zip(shape, wanted, strict=True)]
        length = (_WIDER if len(sizes) > 3 else _LONGER) if larger else _LENGTH
        first = axes.index(0) if axes else 0
        turned |= {name} if first else set()
        # A batch of as many as there are steps would tell neither from the other.
        batch = _BATCH + 1 if first and sizes[0] == _BATCH else _BATCH
        found[name] = tuple(
            size if size is not None else batch if axis == first else length
            for axis, size in enumerate(sizes)
        )
    batches = {one.name: _batch(one) for one in (*placeholders, *beside) if one.name not in turned}
    fixed = {size for name, size in batches.items() if size and name in found}
    fixed = fixed or {size for size in batches.values() if size}
    if len(fixed) == 1:
        for name, spec in specs.items():
            if name in found and spec.shape and _batch(spec) is None:
                found[name] = (*fixed, *found[name][1:])
    return found


def shape_like(shape: Sequence[int | None], others: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """Returns a shape with its unknown sizes as in the first of others that it fits."""
    every = list(others)
    for other in every:
        if len(other) == len(shape) and all(
            a in (None, b) for a, b in zip(shape, other, strict=True)
        ):
            return tuple(other)
    batch = next((other[0] for other in every if other), _BATCH)
    return tuple(
        size if size is not None else _LENGTH if axis else batch for axis, size in enumerate(shape)
    )


def _batch(spec: InputSpec) -> int | None:
    return spec.shape[0] if spec.shape else None
