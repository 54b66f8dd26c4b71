"""What a check is: something that reads one setting of a layer on both sides and compares."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from tf1compat.checkpoint.meta.settings import GraphSettings
from tf1compat.migration.linting.finding import Effect, Finding
from tf1compat.migration.planning.lines import Fill
from tf1compat.names.reasons import Fact, Kind

__all__ = ["Check", "Layer", "Values", "apart", "differing"]

Values = Mapping[str, frozenset[Any]]

_NEAR = 2e-3  # relative: 1.15's fused batch norm makes 1.001e-5 of 1e-5


@dataclasses.dataclass(frozen=True)
class Layer:
    """One layer of the model, and what stands around the variables that fill it.

    Attributes:
      path: the layer's path.
      scope: the scope of its variables.
      model: its settings; see :func:`tf1compat.keras3.index.layer_settings.model_settings`.
      v1: those of the graph, of the same names.
      fills: the plan's lines of its weights.
      filled: roles of its weights that the plan fills.
      graph: the graph.
      turned: whether the model moves images' channels between first and last.
    """

    path: str
    scope: str
    model: Values
    v1: Values
    fills: tuple[Fill, ...]
    filled: frozenset[str]
    graph: GraphSettings
    turned: bool

    def both(self, setting: str) -> tuple[frozenset[Any], frozenset[Any]] | None:
        """Returns what a setting is in the v1 graph and in the model; None if one is unknown."""
        v1, model = self.v1.get(setting), self.model.get(setting)
        return (v1, model) if v1 and model else None


class Check:
    """Base of all checks.

    Attributes:
      name: what it goes by in the registry.
      kinds: the kinds of what it finds, each with the facts `v1` and `model`.
      effect: what a difference changes.
      layers: the ``kind`` of layers that have the setting.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]
    effect: ClassVar[Effect] = Effect.OUTPUTS
    layers: ClassVar[tuple[str, ...]]

    def concerns(self, layer: Layer) -> bool:
        """Tells whether a layer has the setting."""
        return bool(layer.model.get("kind", frozenset()).intersection(self.layers))

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        """Returns what differs, () if nothing does; None where a side can't be read."""
        both = layer.both(self.name)
        if both is None:
            return None
        return [self.finding(layer, *both)] if apart(*both) else ()

    def finding(self, layer: Layer, v1: object, model: object, **facts: Fact) -> Finding:
        """Returns a finding of the first kind."""
        said = {"v1": said_of(v1), "model": said_of(model), **facts}
        return Finding(layer.path, layer.scope, self.kinds[0].because(**said), self.effect)

    def joined(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Returns what all that the check found comes to, in the model's order."""
        return findings


def differing(name: str, what: str) -> tuple[Kind, ...]:
    """Returns the kind that says what both sides have."""
    return (Kind(name, f"{what} {{v1}} in the v1 graph, {{model}} in the model"),)


def apart(v1: Iterable[Any], model: Iterable[Any]) -> bool:
    """Tells whether two sides have no value in common: one graph may use a layer in two ways."""
    return not any(_alike(one, other) for one in v1 for other in model)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_NEAR)
    return bool(one == other)


def said_of(value: object) -> str:
    """Returns a value, or several, in words."""
    if isinstance(value, frozenset):
        return " or ".join(sorted(map(said_of, value)))
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple):
        return "x".join(map(said_of, value))
    return str(value)
