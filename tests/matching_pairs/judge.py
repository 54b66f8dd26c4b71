"""Judges a plan against a pair's truth."""

import dataclasses
import importlib


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Paths of a pair's targets, by what a plan says of each.

    Attributes:
      right: it says what the truth says.
      ambiguous: it lists as ambiguous what could have been told.
      unfilled: it leaves unfilled what could have been filled.
      wrong: it fills it with what doesn't belong there.
    """

    right: tuple[str, ...]
    ambiguous: tuple[str, ...]
    unfilled: tuple[str, ...]
    wrong: tuple[str, ...]


def load_pair(name):
    """Returns the module of a pair."""
    return importlib.import_module(f"matching_pairs.{name}")


def judge(plan, truth):
    """Returns the :class:`Verdict` on a plan."""
    fills = {fill.target: tuple(fill.sources) for fill in plan.fills}
    tied = {target for ambiguity in plan.ambiguities for target in ambiguity.targets}
    found = {"right": [], "ambiguous": [], "unfilled": [], "wrong": []}
    for target, source in truth.items():
        found[_verdict(target, source, fills=fills, tied=tied)].append(target)
    return Verdict(**{kind: tuple(targets) for kind, targets in found.items()})


def _verdict(target, source, *, fills, tied):
    if target in fills:
        return "right" if fills[target] == (source,) else "wrong"
    if target in tied:
        return "right" if isinstance(source, tuple) else "ambiguous"
    return "right" if source is None else "unfilled"
