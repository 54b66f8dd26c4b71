"""What a query can ask of an item: pure functions that :mod:`tf1compat.graph.query` chains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.items import GraphItem
from tf1compat.graph.query.graph_index import GraphIndex
from tf1compat.names.parse import split_part, strip_output

__all__ = ["Filter", "chosen_by", "looked_up"]

Filter = Callable[[GraphIndex, "frozenset[int] | range"], "frozenset[int]"]
"""From an index and the positions left so far to the positions that stay."""


def looked_up(look: Callable[[GraphIndex], Iterable[int]]) -> Filter:
    """Returns a filter that keeps what `look` finds in the index, without visiting the rest."""

    def keep(index: GraphIndex, left: frozenset[int] | range) -> frozenset[int]:
        found = look(index)
        if isinstance(left, range):
            return frozenset(found)
        return left & found if isinstance(found, frozenset) else left.intersection(found)

    return keep


def chosen_by(accept: Callable[[GraphItem], bool]) -> Filter:
    """Returns a filter that keeps the items that `accept` accepts."""

    def keep(index: GraphIndex, left: frozenset[int] | range) -> frozenset[int]:
        return frozenset(at for at in left if accept(index.items[at]))

    return keep


def by_shape(pattern: Sequence[Any]) -> Callable[[GraphItem], bool]:
    """Returns a test for shapes like `pattern`: None is any dimension, one ``...`` any number."""
    if not isinstance(pattern, (list, tuple)) or not all(map(_is_dimension, pattern)):
        raise UsageError(
            f"shape {pattern!r}: expected a sequence of sizes, None for any and '...' for any "
            "number of them"
        )
    pattern = tuple(pattern)
    if pattern.count(...) > 1:
        raise UsageError(f"shape {pattern}: expected at most one '...', found several")
    split = pattern.index(...) if ... in pattern else len(pattern)
    head, tail = pattern[:split], pattern[split + 1 :]

    def accept(item: GraphItem) -> bool:
        shape = item.shape
        if shape is None or len(shape) < len(head) + len(tail):
            return False
        if ... not in pattern and len(shape) != len(pattern):
            return False
        ends = (*zip(head, shape, strict=False), *zip(tail[::-1], shape[::-1], strict=False))
        return all(wanted is None or wanted == found for wanted, found in ends)

    return accept


def _is_dimension(one: Any) -> bool:
    return one is None or one is ... or (type(one) is int and one >= 0)


def by_dtype(dtypes: Iterable[Any]) -> Callable[[GraphItem], bool]:
    """Returns a test for dtypes, reference ones counted as what they refer to."""
    wanted = set()
    for dtype in dtypes:
        try:
            wanted.add(tf.as_dtype(dtype).base_dtype)
        except TypeError as error:
            raise UsageError(f"dtype {dtype!r}: expected one that TensorFlow has") from error
    return lambda item: item.dtype in wanted


def by_rank(ranks: Sequence[int]) -> Callable[[GraphItem], bool]:
    """Returns a test for numbers of dimensions."""
    if wrong := [rank for rank in ranks if type(rank) is not int or rank < 0]:
        raise UsageError(f"rank {wrong[0]!r}: expected a number of dimensions, from 0")
    return lambda item: item.shape is not None and len(item.shape) in ranks


def by_size(at_least: int, at_most: float) -> Callable[[GraphItem], bool]:
    """Returns a test for sizes within the bounds; an unknown size is never within."""
    for bound in (at_least, at_most):
        if isinstance(bound, bool) or not isinstance(bound, (int, float)):
            raise UsageError(f"size {bound!r}: expected a number of elements")
    return lambda item: item.size is not None and at_least <= item.size <= at_most


def by_device(wanted: str) -> Callable[[GraphItem], bool]:
    """Returns a test for devices that agree with each field of `wanted`; ``''`` is unplaced."""
    if not isinstance(wanted, str):
        raise UsageError(f"device {wanted!r}: expected like '/job:ps/task:0/cpu:0'")
    if not wanted:
        return lambda item: item.device == ""
    try:
        spec = tf.DeviceSpec.from_string(wanted)
    except ValueError as error:
        raise UsageError(f"device {wanted!r}: expected like '/job:ps/task:0/cpu:0': {error}") from (
            error
        )
    fields = ("job", "replica", "task", "device_type", "device_index")
    asked = {field: getattr(spec, field) for field in fields if getattr(spec, field) is not None}

    def accept(item: GraphItem) -> bool:
        if not item.device:
            return False
        found = tf.DeviceSpec.from_string(item.device)
        return all(getattr(found, field) == value for field, value in asked.items())

    return accept


def companions_of(names: Iterable[str], field: str) -> Filter:
    """Returns a filter for slots (`field` ``'slot_of'``) or shadows (``'shadow_of'``) of `names`.

    A slot of a part also counts as one of the partitioned variable.
    """
    wanted = {strip_output(name) for name in names}

    def look(index: GraphIndex) -> Iterable[int]:
        for at, item in enumerate(index.items):
            of = getattr(index.parsed[item.name], field)
            if of is not None and (of in wanted or split_part(of)[0] in wanted):
                yield at

    return looked_up(look)


def by_parsed(field: str, values: Iterable[str]) -> Filter:
    """Returns a filter for items whose parsed name has one of `values` in `field`."""
    wanted = frozenset(values)
    return looked_up(
        lambda index: [
            at
            for at, item in enumerate(index.items)
            if getattr(index.parsed[item.name], field) in wanted
        ]
    )
