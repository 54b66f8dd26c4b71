"""Which value goes into which variable: every name accounted for, before anything is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.errors import Problem, UsageError
from tf1compat.graph.assign._ops import AssignNodes
from tf1compat.graph.assign.fitting import CastPolicy, MisfitError, fit_value
from tf1compat.names import nearest_names
from tf1compat.names.graph_names import bare_name

__all__ = ["Targets", "Whole", "match_values"]

_NEAREST = 30  # unknown names for which the nearest are looked up; a message shows no more


@dataclasses.dataclass(frozen=True)
class Whole:
    """A partitioned variable: a value for it is split among its parts.

    Attributes:
      name: name of the whole, under which a Saver stores it.
      shape: shape of the whole.
      parts: what assigns each part.
    """

    name: str
    shape: tuple[int, ...]
    parts: tuple[AssignNodes, ...]


class Targets:
    """The variables of an assigner, by the names that a value may be given for.

    Attributes:
      nodes: what assigns each variable or part, by its own name.
      wholes: the partitioned variables of which all parts are there, by name.
    """

    def __init__(self, nodes: Sequence[AssignNodes]) -> None:
        self.nodes = {node.name: node for node in nodes}
        groups: dict[str, list[AssignNodes]] = {}
        for node in nodes:
            if node.item.part is not None:
                groups.setdefault(node.item.part.whole, []).append(node)
        self.wholes = {
            name: Whole(name, parts[0].item.part.whole_shape, tuple(parts))
            for name, parts in groups.items()
            if parts[0].item.part is not None and _is_complete(parts)
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Names for which values are expected: a whole's one instead of those of its parts."""
        return tuple(dict.fromkeys(self.reported(node) for node in self.nodes.values()))

    def reported(self, node: AssignNodes) -> str:
        """Returns the name to call `node` by: its whole's, where the whole is there."""
        part = node.item.part
        return part.whole if part is not None and part.whole in self.wholes else node.name

    def under(self, name: str) -> tuple[AssignNodes, ...]:
        """Returns what `name` means: a variable, all parts of one, or () for nothing."""
        node = self.nodes.get(name)
        if node is not None:
            return (node,)
        whole = self.wholes.get(name)
        return () if whole is None else whole.parts


def match_values(
    values: Mapping[str, Any], targets: Targets, *, casts: CastPolicy, origin: str = ""
) -> tuple[dict[AssignNodes, np.ndarray], list[Problem]]:
    """Returns the array for each variable that `values` has one for, and all that is wrong.

    Names may carry ``:0``. Variables without a value are no problem here; see `missing_values`.
    """
    if not isinstance(values, Mapping):
        kind = type(values).__name__
        raise UsageError(f"values: expected a mapping of names to arrays, found {kind}")
    matched: dict[AssignNodes, np.ndarray] = {}
    problems: list[Problem] = []
    unknown: list[str] = []
    for given, value in values.items():
        name = bare_name(given) if isinstance(given, str) else str(given)
        nodes = targets.under(name)
        if not nodes:
            unknown.append(name)
            continue
        twice = [node.name for node in nodes if node in matched]
        if twice:
            problems.append(_doubled(name, twice, origin))
            continue
        try:
            matched.update(_fitted(name, value, targets, casts=casts))
        except MisfitError as misfit:
            problems.append(Problem(name, misfit.expected, misfit.found, origin, misfit.remedy))
    return matched, problems + _unknown(unknown, targets, origin)


def missing_values(
    matched: Mapping[AssignNodes, Any],
    problems: Iterable[Problem],
    targets: Targets,
    *,
    origin: str = "",
) -> list[Problem]:
    """Returns a problem for each variable of `targets` that got no value at all."""
    named = {problem.name for problem in problems}
    lacking: dict[str, AssignNodes] = {}
    for node in targets.nodes.values():
        whole = targets.reported(node)
        if node in matched or node.name in named or whole in named:
            continue
        others = targets.under(whole)
        name = whole if not any(other in matched for other in others) else node.name
        lacking.setdefault(name, node)
    return [
        Problem(
            name,
            f"a value of shape {_shape(name, node, targets)}, dtype {node.dtype.name}",
            "none",
            origin,
            "give one, or use assign_some for a part of the variables",
        )
        for name, node in lacking.items()
    ]


def _shape(name: str, node: AssignNodes, targets: Targets) -> Any:
    whole = targets.wholes.get(name)
    return node.shape if whole is None else whole.shape


def _fitted(
    name: str, value: Any, targets: Targets, *, casts: CastPolicy
) -> dict[AssignNodes, np.ndarray]:
    node = targets.nodes.get(name)
    if node is not None:
        return {node: fit_value(value, shape=node.shape, dtype=node.dtype, casts=casts)}
    whole = targets.wholes[name]
    array = fit_value(value, shape=whole.shape, dtype=whole.parts[0].dtype, casts=casts)
    return {
        part: array[part.item.part.slices] for part in whole.parts if part.item.part is not None
    }


def _is_complete(parts: Sequence[AssignNodes]) -> bool:
    """Returns whether `parts` tile their whole: parts don't overlap, so counting will do."""
    infos = [node.item.part for node in parts if node.item.part is not None]
    size = sum(int(np.prod(info.shape)) for info in infos)
    return size == int(np.prod(infos[0].whole_shape))


def _doubled(name: str, twice: Sequence[str], origin: str) -> Problem:
    several = ", ".join(twice[:3])
    return Problem(name, "one value", f"several for {several}", origin, "give one name only")


def _unknown(names: Sequence[str], targets: Targets, origin: str) -> list[Problem]:
    known = [*targets.nodes, *targets.wholes] if names else []
    problems = []
    for at, name in enumerate(names):
        near = ", ".join(nearest_names(name, known)) if at < _NEAREST else ""
        remedy = f"nearest: {near}" if near else "remove it"
        problems.append(Problem(name, "a variable of this assigner", "none", origin, remedy))
    return problems
