"""Checkpoints averaged: of one run's last steps, or of several runs."""

from __future__ import annotations

import collections
import dataclasses
import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tf1compat.checkpoint.surgery.casting import FLOATS
from tf1compat.checkpoint.surgery.planned_tensors import Edit, Planned, value_of
from tf1compat.errors import MisfitError, Problem, UsageError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.names.spec_text import spec_text

if TYPE_CHECKING:
    import numpy as np

__all__ = ["OTHERS", "average"]

OTHERS = ("equal", "first", "last")
"""What becomes of what can't be averaged: it has to be equal, or the first's or last's is taken."""
_COMPLEX = ("complex64", "complex128")
_ALIKE = "the same in every checkpoint"
_REMEDY = "`tf1compat drop-slots` writes a checkpoint without slots"


def average(
    checkpoints: Sequence[Sequence[Planned]],
    weights: Sequence[float] = (),
    *,
    others: str = "equal",
) -> Edit:
    """Averages variables of several checkpoints, added up in double precision.

    Args:
      checkpoints: the variables of each: of the same names, shapes and dtypes.
      weights: a number for each checkpoint, which are divided by their sum; by default all are
        alike.
      others: one of :data:`OTHERS`, for integers, texts and truths.

    Raises:
      UsageError: fewer than two checkpoints, other numbers of weights, or such that add up to
        nothing.
      MisfitError: variables differ in name, shape or dtype; or others aren't equal: naming each.
      CheckpointError: a value can't be read.
    """
    shares = _shares(len(checkpoints), weights)
    if others not in OTHERS:
        raise UsageError(f"others: expected one of {', '.join(OTHERS)}, found {others!r}")
    sides = [{one.name: one for one in tensors} for tensors in checkpoints]
    columns = _columns(sides)
    problems = [p for column in columns if others == "equal" for p in _unequal(column)]
    if problems:
        raise MisfitError.from_problems("nothing was written, no average of:", problems)
    return Edit(tuple(_averaged(column, shares, others) for column in columns))


def _shares(count: int, weights: Sequence[float]) -> list[float]:
    given = list(weights) or [1.0] * count
    total = math.fsum(given)
    if count < 2 or len(given) != count or not (math.isfinite(total) and total > 0):
        raise UsageError(
            f"expected two checkpoints or more and as many weights, of a sum above 0, found "
            f"{count} and {given}"
        )
    return [one / total for one in given]


def _columns(sides: Sequence[dict[str, Planned]]) -> list[list[Planned]]:
    """Returns the variables of one name together, in the first checkpoint's order."""
    names = dict.fromkeys(name for side in sides for name in side)
    problems = _of_other_nets(names, sides)
    if problems:
        raise MisfitError.from_problems("nothing was written, checkpoints of other nets:", problems)
    return [[side[name] for side in sides] for name in names]


def _of_other_nets(names: Iterable[str], sides: Sequence[dict[str, Planned]]) -> list[Problem]:
    """Returns a problem for each variable, and for each kind of slot, that isn't in all alike."""
    problems = []
    slots = collections.Counter[tuple[str, str]]()
    for name in names:
        there = [side[name] for side in sides if name in side]
        specs = [spec_text(s[name].dtype, s[name].shape) if name in s else "none" for s in sides]
        if len(there) < len(sides) and there[0].said.slot:
            holders = ", ".join("one" if name in side else "none" for side in sides)
            slots[there[0].said.slot, holders] += 1
        elif len(set(specs)) > 1:
            problems.append(Problem(name, _ALIKE, ", ".join(specs)))
    return problems + [
        Problem(f"slot {slot} ({count} such)", _ALIKE, holders, remedy=_REMEDY)
        for (slot, holders), count in slots.items()
    ]


def _is_averaged(one: Planned) -> bool:
    return one.dtype in (*FLOATS, *_COMPLEX)


def _unequal(column: Sequence[Planned]) -> Iterator[Problem]:
    first = column[0]
    if _is_averaged(first):
        return
    from tf1compat.checkpoint.comparing import same_bits  # needs numpy

    value = value_of(first)
    different = sum(not same_bits(value, value_of(one)) for one in column[1:])
    if different:
        yield Problem(
            first.name,
            f"{first.dtype} that is equal in every checkpoint",
            f"another in {different} of the other {len(column) - 1}",
            remedy="say whose is taken (--others=first or last)",
        )


def _averaged(column: Sequence[Planned], shares: Sequence[float], others: str) -> Planned:
    first = column[0]
    if not _is_averaged(first):
        taken = column[-1 if others == "last" else 0]
        done = "" if others == "equal" else f"of the {others}"
        return dataclasses.replace(taken, done=done)
    make = functools.partial(_mean, column, shares)
    return dataclasses.replace(first, item=make, done=f"average of {len(column)}")


def _mean(column: Sequence[Planned], shares: Sequence[float]) -> np.ndarray:
    import numpy as np

    first = column[0]
    wide = np.complex128 if first.dtype in _COMPLEX else np.float64
    total: np.ndarray = np.zeros(first.shape, wide)
    for one, share in zip(column, shares, strict=True):
        if share:  # 0 times infinity is no number
            total += value_of(one).astype(wide) * share
    return np.asarray(total.astype(numpy_dtype(first.dtype)))
