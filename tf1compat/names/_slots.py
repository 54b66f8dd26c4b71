"""Optimizer slots and moving averages, recognised from the whole set of a file's names.

TensorFlow 1.15 names the slot of variable ``X`` ``P/X/Adam``, where ``P`` is the variable scope in
which the optimizer was applied (empty as a rule), and likewise a moving average's shadow. So a name
is a companion of ``X`` only where ``X`` is in the file and, shapes being known, has its shape.
"""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Iterator, Mapping

from tf1compat.names._companions import (
    companion_family,
    is_optimizer_name,
    looks_averaged,
    may_be_custom,
)
from tf1compat.names.cut_parts import cut_part
from tf1compat.names.parse import split_part
from tf1compat.names.roles import STATISTICS, role_of

__all__ = ["Companion", "NameTable", "find_companions"]

Shape = tuple[int, ...]

_DEEPEST = 64  # scopes tried in front of a variable's name; real ones have a handful
_LONGEST = 2048  # characters; longer names are damage or malice and companions of nothing
_CUSTOM_LEAST = 3  # a leaf nobody knows needs this many variables, and half of all, as evidence
# Mesh TensorFlow (T5) joins a slot to its variable without a slash: kernel_slot_vr.
_JOINED_SLOT = re.compile(r"(?P<base>.+)_(?P<slot>slot_[a-z]{1,8})", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Companion:
    """One reading of a name as the companion of a variable.

    Attributes:
      family: what :func:`companion_family` says about `leaf`.
      leaf: what follows the variable's name: ``'Adam_1'``.
      base: the variable's name, as in the table.
      prefix: the scope in front of the variable's name, ``''`` where there is none.
      part: number of the partition that this is the companion of, or None.
    """

    family: str
    leaf: str
    base: str
    prefix: str
    part: int | None = None


class NameTable:
    """The names of one file (without ``:0``), with partitions also under their joined name."""

    def __init__(self, names: Mapping[str, str], shapes: Mapping[str, Shape]) -> None:
        """Makes a table of `names` (bare name -> name as given) and `shapes` (by bare name)."""
        self.given = dict(names)
        self.shapes = dict(shapes)
        self.joined = _joined_parts(names)

    def __contains__(self, base: object) -> bool:
        return base in self.given or base in self.joined

    def given_name(self, base: str) -> str:
        """Returns `base` as it was given, or the joined name of partitions as it stands."""
        return self.given.get(base, base)

    def fits(self, name: str, found: Companion) -> bool:
        """Returns whether the shapes, where both are known, allow that reading of `name`."""
        mine, its = self.shapes.get(name), self.shapes.get(found.base)
        if mine is None or its is None:
            return True
        if found.family == "debias" and found.leaf.startswith("local_step"):
            # `local_step` is a scalar, beside a `biased` of the average's shape (`_zero_debias`).
            return mine == ()
        # Adafactor keeps means over rows and over columns, Shampoo a square for each axis.
        if found.family == "factored":
            return _is_factor(mine, its)
        # The variable may be known as the whole that its parts make up.
        if found.part is not None and mine != its:
            return len(mine) == len(its) and all(a <= b for a, b in zip(mine, its, strict=True))
        return mine == its


def _joined_parts(names: Mapping[str, str]) -> dict[str, int]:
    """Returns the number of partitions by joined name, where ``part_0`` to the last are there."""
    parts: dict[str, set[int]] = collections.defaultdict(set)
    for name in names:
        base, part = split_part(name)
        if part is not None:
            parts[base].add(part)
    return {base: len(found) for base, found in parts.items() if max(found) == len(found) - 1}


def _is_factor(mine: Shape, its: Shape) -> bool:
    """Returns whether a slot of shape `mine` can be a factor of statistics of shape `its`."""
    without_one = {its[:axis] + its[axis + 1 :] for axis in range(len(its))}
    squares = {(size, size) for size in its}
    return mine == its or mine in without_one or mine in squares


def find_companions(table: NameTable) -> dict[str, Companion]:
    """Returns the slots and shadows among `table`'s names, by bare name.

    Where a name can be read in two ways (``a/w/Adam`` when both ``w`` and ``a/w`` exist), the scope
    in front that explains most names of the file wins.
    """
    readings = {name: tuple(_readings(name, table)) for name in table.given}
    votes: collections.Counter[tuple[str, str]] = collections.Counter()
    for found in readings.values():
        votes.update({(reading.family, reading.prefix) for reading in found})
    chosen = {
        name: max(
            found,
            key=lambda r: (r.family != "custom", votes[r.family, r.prefix], -len(r.prefix)),
        )
        for name, found in readings.items()
        if found
    }
    known = {name: found for name, found in chosen.items() if found.family != "custom"}
    known = _with_both_debias_variables(known)
    return known | _supported_custom(chosen, known, table)


def _readings(name: str, table: NameTable) -> Iterator[Companion]:
    """Yields every way to read `name` as a companion of a variable of the table."""
    if len(name) > _LONGEST:
        return
    joined = _JOINED_SLOT.fullmatch(name)
    if joined:
        yield from _one(name, table, Companion("factored", joined["slot"], joined["base"], ""))
    path, _, leaf = name.rpartition("/")
    family = companion_family(leaf)
    if family == "custom" and not may_be_custom(leaf):
        return
    found = False
    joined_path, part = split_part(path)
    cut = len(path) - len(joined_path)
    for prefix, rest in _tails(path):
        base = rest if rest in table else rest[: len(rest) - cut]
        if base not in table:
            continue
        # Keras' `m` and `v` mean something only below an optimizer's name (`training/Adam`).
        by_hand = family == "keras" and not is_optimizer_name(prefix.rpartition("/")[2])
        reading = Companion("custom" if by_hand else family, leaf, base, prefix, part)
        for fitting in _one(name, table, reading):
            found = True
            yield fitting
    if not found and family in ("optimizer", "factored", "average"):
        yield from _cut_part_readings(name, table)


def _one(name: str, table: NameTable, reading: Companion) -> Iterator[Companion]:
    """Yields `reading` if its variable is there and the shapes allow it."""
    known = reading.base in table and reading.base not in ("", name)
    if known and table.fits(name, reading):
        yield reading


def _tails(path: str) -> Iterator[tuple[str, str]]:
    """Yields (scope in front, rest) for every way to cut `path` at a slash, the whole first."""
    yield "", path
    at = -1
    for _ in range(_DEEPEST):
        at = path.find("/", at + 1)
        if at < 0:
            return
        yield path[:at], path[at + 1 :]


def _cut_part_readings(name: str, table: NameTable) -> Iterator[Companion]:
    """Yields the reading of names such as ``X/art_0/Adam``."""
    found = cut_part(name, table)
    if found is not None:
        family = companion_family(found.leaf)
        yield from _one(name, table, Companion(family, found.leaf, found.base, "", found.part))


def _with_both_debias_variables(known: Mapping[str, Companion]) -> dict[str, Companion]:
    """Returns `known` without a lone ``biased`` or ``local_step``: 1.15 always makes both."""
    by_base: dict[tuple[str, str], set[str]] = collections.defaultdict(set)
    for found in known.values():
        if found.family == "debias":
            by_base[found.prefix, found.base].add(found.leaf.split("_")[0])
    return {
        name: found
        for name, found in known.items()
        if found.family != "debias" or len(by_base[found.prefix, found.base]) == 2
    }


def _supported_custom(
    chosen: Mapping[str, Companion], known: Mapping[str, Companion], table: NameTable
) -> dict[str, Companion]:
    """Returns the companions with leaves nobody knows that the whole file speaks for.

    A custom optimizer gives a slot to (nearly) every trainable variable under one scope, so its
    leaf must follow at least three variables and half of those that could have a slot.
    """
    custom = {name: found for name, found in chosen.items() if name not in known}
    groups: dict[tuple[str, str], dict[str, Companion]] = collections.defaultdict(dict)
    for name, found in custom.items():
        if found.base not in custom:
            groups[found.leaf, found.prefix][name] = found
    plain = sum(
        name not in known and name not in custom and _may_have_slot(name, table)
        for name in table.given
    )
    supported: dict[str, Companion] = {}
    for (leaf, _), group in groups.items():
        if len(group) >= _CUSTOM_LEAST and 2 * len(group) >= plain:
            family = "average" if looks_averaged(leaf) else "custom"
            for name, found in group.items():
                supported[name] = dataclasses.replace(found, family=family)
    return supported


def _may_have_slot(name: str, table: NameTable) -> bool:
    """Returns whether `name` could be a trainable variable's: no statistic, no scalar."""
    leaf = name.rpartition("/")[2]
    # A `u` may be a vector of attention, which is trained, as well as a spectral norm's.
    statistic = role_of(leaf) in STATISTICS - {"norm_vector"}
    return not statistic and leaf != "global_step" and table.shapes.get(name) != ()
