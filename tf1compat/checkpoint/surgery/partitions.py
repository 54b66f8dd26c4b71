"""Variables in parts made whole, and whole ones dealt out to parts."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tf1compat.checkpoint.bundle.writer import Partitioned
from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.surgery.planned_tensors import (
    Edit,
    Item,
    Planned,
    require_distinct_names,
    require_name_based,
)
from tf1compat.checkpoint.surgery.planned_tensors import value_of as _value
from tf1compat.errors import MisfitError, Problem, UsageError
from tf1compat.names.parse import PART_MARK, split_part

if TYPE_CHECKING:
    import numpy as np

__all__ = ["STRATEGIES", "merge", "split"]

STRATEGIES = ("div", "mod")
"""How ``tf.nn.embedding_lookup`` finds row i of a table: in parts one after the other, or in part
i mod their number."""
_Choose = Callable[[str], bool]


def merge(
    tensors: Sequence[Planned],
    *,
    strategy: str | None = None,
    choose: _Choose = lambda name: True,
) -> Edit:
    """Makes variables whole: slices are joined, and ``X/part_0``, ``X/part_1``, ... become ``X``.

    Slots and averages of parts (``X/part_0/Adam``) are joined alike.

    Args:
      tensors: of one checkpoint.
      strategy: one of :data:`STRATEGIES`, which no file tells. Of slices, ``"mod"`` puts rows in
        the order of their ids, for a graph that looks them up in one table; else they are joined
        as they lie, as a ``Saver`` does. Of variables that are parts it has to be said.
      choose: tells by its name, without the part, whether a variable is made whole.

    Raises:
      UsageError: no such strategy, or none for variables that are parts.
      MisfitError: parts are missing, or don't fit one another: naming each.
    """
    require_name_based(tensors)
    groups: dict[str, dict[int, Planned]] = defaultdict(dict)
    for one in tensors:
        base, part = _joined(one)
        if part is not None and choose(base):
            groups[base][part] = one
    if strategy is None and groups:
        raise UsageError(
            f"expected how rows were dealt out to {', '.join(list(groups)[:3])}, which nothing in "
            "the file tells: --strategy=div (one part after the other) or mod (by id)"
        )
    told = strategy or "div"
    _require_strategy(told)
    problems = [p for base, parts in groups.items() for p in _misfits(base, parts, told)]
    if problems:
        raise MisfitError.from_problems("nothing was written, parts don't fit:", problems)
    done: set[str] = set()
    kept = []
    for one in tensors:
        base, part = _joined(one)
        if part is None or base not in groups:
            kept.append(_whole(one, told) if choose(one.of or one.name) else one)
        elif base not in done:
            done.add(base)
            parts = [groups[base][number] for number in range(len(groups[base]))]
            kept.append(_joined_parts(base, parts, told))
    require_distinct_names(kept)
    return Edit(tuple(kept))


def split(
    tensors: Sequence[Planned],
    parts: int,
    *,
    choose: _Choose,
    strategy: str = "div",
    kind: str = "slices",
) -> Edit:
    """Deals variables out to parts along their first axis, and with them slots and averages.

    Args:
      tensors: of one checkpoint.
      parts: how many.
      choose: tells by its name whether a variable is dealt out.
      strategy: ``"div"``: parts one after the other, the first ones one row longer where they don't
        go up; ``"mod"``: row i in part i mod `parts`, for variables alone.
      kind: ``"slices"`` of one variable, as 1.x saves what a partitioner made; ``"variables"`` of
        the names ``X/part_0`` and so on.

    Raises:
      UsageError: no such strategy or kind, fewer parts than one, or none chosen.
      MisfitError: some have fewer rows than there are parts: naming each.
    """
    _require_strategy(strategy)
    require_name_based(tensors)
    if kind not in ("slices", "variables") or (strategy, kind) == ("mod", "slices"):
        raise UsageError(
            f"expected slices or variables, and variables for mod, found {kind!r} for {strategy}"
        )
    names = {one.name for one in tensors if not one.of and choose(one.name)}
    taken = [one for one in tensors if one.name in names or (one.of in names and one.shape)]
    if parts < 1:
        raise UsageError(f"parts: expected at least 1, found {parts}")
    if not names:
        raise UsageError("variables: expected at least one to be split, found none")
    problems = [
        Problem(one.name, f"{parts} rows or more", f"shape {list(one.shape)}")
        for one in taken
        if not one.shape or one.shape[0] < parts
    ]
    if problems:
        raise MisfitError.from_problems("nothing was written:", problems)
    whole = {one.name for one in taken}
    kept: list[Planned] = []
    for one in tensors:
        if one.name not in whole:
            kept.append(one)
        elif kind == "slices":
            kept.append(_sliced(one, parts))
        else:
            kept += [_part(one, k, parts, strategy) for k in range(parts)]
    require_distinct_names(kept)
    return Edit(tuple(kept))


def _require_strategy(strategy: str) -> None:
    if strategy not in STRATEGIES:
        raise UsageError(f"strategy: expected one of {', '.join(STRATEGIES)}, found {strategy!r}")


def _joined(one: Planned) -> tuple[str, int | None]:
    """Returns the name that a part has as a whole, and its number; None where it is no part."""
    base, part = split_part(one.name)
    if part is not None or one.said.part is None:
        return base, part
    mark = f"{PART_MARK}{one.said.part}/"
    before, found, after = one.name.partition(mark)
    return (f"{before}/{after}", one.said.part) if found else (one.name, None)


def _misfits(base: str, parts: dict[int, Planned], strategy: str) -> list[Problem]:
    """Returns what keeps parts from being one variable."""
    if sorted(parts) != list(range(len(parts))):
        found = ", ".join(str(number) for number in sorted(parts))
        return [Problem(base, "parts from 0 without a gap", found)]
    shapes = [parts[number].shape for number in range(len(parts))]
    tails = {shape[1:] if shape else None for shape in shapes}
    if len(tails) > 1 or None in tails or len({one.dtype for one in parts.values()}) > 1:
        found = ", ".join(str(list(shape)) for shape in shapes)
        return [Problem(base, "parts of one dtype and width", found)]
    rows = [shape[0] for shape in shapes]
    dealt = [len(range(k, sum(rows), len(rows))) for k in range(len(rows))]
    if strategy == "mod" and rows != dealt:
        return [Problem(base, f"parts of {dealt} rows, as mod deals them out", str(rows))]
    return []


def _whole(one: Planned, strategy: str) -> Planned:
    """Returns a variable without slices."""
    item = one.item
    if not (isinstance(item, Entry) and item.slices):
        return one
    done = f"was in {len(item.slices)} slices"
    if strategy == "div":
        return dataclasses.replace(one, item=functools.partial(_value, one), done=done)
    rows = sorted((index[0].start, index[0].stop) for index in item.slices)
    dealt = [len(range(k, one.shape[0], len(rows))) for k in range(len(rows))]
    if [stop - start for start, stop in rows] != dealt:
        found = ", ".join(f"{start}:{stop}" for start, stop in rows)
        problem = Problem(one.name, f"slices of {dealt} rows, as mod deals them out", found)
        raise MisfitError.from_problems("nothing was written, slices don't fit:", [problem])
    return dataclasses.replace(
        one, item=functools.partial(_by_id, one, rows), done=f"{done}, rows by id"
    )


def _by_id(one: Planned, rows: Sequence[tuple[int, int]]) -> np.ndarray:
    import numpy as np

    value = _value(one)
    whole = np.empty_like(value)
    for number, (start, stop) in enumerate(rows):
        whole[number :: len(rows)] = value[start:stop]
    return whole


def _joined_parts(base: str, parts: Sequence[Planned], strategy: str) -> Planned:
    rows = sum(one.shape[0] for one in parts)
    item = functools.partial(_put_together, parts, strategy)
    return dataclasses.replace(
        parts[0],
        name=base,
        shape=(rows, *parts[0].shape[1:]),
        item=item,
        done=f"of {len(parts)} parts",
    )


def _put_together(parts: Sequence[Planned], strategy: str) -> np.ndarray:
    import numpy as np

    if strategy == "div":
        return np.concatenate([_value(one) for one in parts])
    rows = sum(one.shape[0] for one in parts)
    first = _value(parts[0])
    whole = np.empty((rows, *first.shape[1:]), first.dtype)
    for number, one in enumerate(parts):
        whole[number :: len(parts)] = first if number == 0 else _value(one)
    return whole


def _sliced(one: Planned, parts: int) -> Planned:
    item: Item = Partitioned(
        one.shape,
        [
            ((rows.start, *(0,) * (len(one.shape) - 1)), functools.partial(_rows, one, rows))
            for rows in _ranges(one.shape[0], parts)
        ],
    )
    return dataclasses.replace(one, item=item, done=f"in {parts} slices")


def _part(one: Planned, number: int, parts: int, strategy: str) -> Planned:
    size = one.shape[0]
    rows = range(number, size, parts) if strategy == "mod" else _ranges(size, parts)[number]
    mark = f"{PART_MARK}{number}"
    return dataclasses.replace(
        one,
        name=one.called(one.of + mark) if one.of else one.name + mark,
        shape=(len(rows), *one.shape[1:]),
        item=functools.partial(_rows, one, rows),
        done=f"part of {one.name}",
    )


def _ranges(size: int, parts: int) -> list[range]:
    """Returns the rows of each part: as 1.x's fixed_size_partitioner has them."""
    least, longer = divmod(size, parts)
    ends = [least * k + min(k, longer) for k in range(parts + 1)]
    return [range(a, b) for a, b in itertools.pairwise(ends)]


def _rows(one: Planned, rows: range) -> np.ndarray:
    index = slice(rows.start, rows.stop, rows.step)
    return one.item.read((index,)) if isinstance(one.item, Entry) else _value(one)[index]
