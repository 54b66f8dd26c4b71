"""What becomes of the variables that no weight gives back: slots, averages, copies, all others."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.comparing import same_bits
from tf1compat.migration.backward._lines_back import LinesBack
from tf1compat.migration.planning.lines import Drop
from tf1compat.names.training_state import training_reason

__all__ = ["Remaining", "remaining"]

_OF_OPTIMIZERS = ("slot", "optimizer_state")
_COPIES = ("copy", "equal")


@dataclasses.dataclass(frozen=True)
class Remaining:
    """The variables that no weight gives back, each in one of three ways.

    Attributes:
      followers: by the name of a variable that weights give back, those that get its new value
        where that changed: its copies, and its moving averages or what it is the average of.
      kept: names of those that are copied, with what each belongs to ("" where to nothing): one
        whose value may be of before.
      omitted: names of those that are left out.
    """

    followers: Mapping[str, tuple[str, ...]]
    kept: Mapping[str, str]
    omitted: tuple[str, ...]


def remaining(
    lines: LinesBack, entries: Mapping[str, Entry], *, slots: str, shadows: str
) -> Remaining:
    """Returns what becomes of the sources that nothing gives back.

    Args:
      lines: those of a complete plan.
      entries: the checkpoint.
      slots: what becomes of slots, as the lines were made with.
      shadows: what becomes of averages, as they were made with.
    """
    used = {name for fill in lines.fills for name in fill.sources}
    counting = lines.counting.sources[0] if lines.counting else ""
    averaged = _averaged(used, entries)
    followers: dict[str, list[str]] = defaultdict(list)
    kept: dict[str, str] = {}
    omitted = []
    for drop in lines.drops:
        if not drop.whole:
            continue
        kind, of = _belongs(drop, entries, averaged)
        follows = kind == "copy" or (kind == "shadow" and shadows == "follow")
        if (kind == "slot" and slots == "drop") or (kind == "shadow" and shadows == "drop"):
            omitted.append(drop.source)
        elif follows and of in used and _may_follow(drop.source, of, kind, entries):
            followers[of].append(drop.source)
        else:
            own = kind == "slot" and not of  # a number of the optimizer, which steps change
            kept[drop.source] = counting if own else of
    return Remaining({of: tuple(names) for of, names in followers.items()}, kept, tuple(omitted))


def _averaged(used: Iterable[str], entries: Mapping[str, Entry]) -> dict[str, str]:
    """Returns the average of each variable of which a weight has that instead of it."""
    names = {name: entries[name].name for name in used}
    found = {one.shadow_of: name for name, one in names.items() if one.kind == "shadow"}
    return {of: name for of, name in found.items() if of is not None and of not in names}


def _belongs(
    drop: Drop, entries: Mapping[str, Entry], averaged: Mapping[str, str]
) -> tuple[str, str]:
    """Returns what a variable is to another, "slot", "shadow", "copy" or "", and that one's name.

    By its name where a rule dropped it.
    """
    if drop.kind in _COPIES:
        return "copy", str(drop.facts["original"])
    if drop.source in averaged:
        return "shadow", averaged[drop.source]
    reason = training_reason(entries[drop.source].name)
    if reason is None:
        return "", str(drop.facts.get("scope", ""))
    of = str(reason.facts.get("of", ""))
    if reason.kind.name == "average":
        return "shadow", of
    return ("slot" if reason.kind.name in _OF_OPTIMIZERS else ""), of


def _may_follow(name: str, of: str, kind: str, entries: Mapping[str, Entry]) -> bool:
    """Tells whether a variable can have another's value; a copy only where it has it now.

    Replicas have moving statistics and slots of their own.
    """
    one, other = entries[name], entries[of]
    alike = (one.shape, one.dtype_name) == (other.shape, other.dtype_name)
    return alike and (kind == "shadow" or same_bits(one.read(), other.read()))
