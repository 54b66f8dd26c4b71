"""What rules have to know of both sides besides shapes: what variables and weights are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tf1compat.checkpoint import Entry
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.matching import Item
from tf1compat.names import RuleMatch
from tf1compat.names.training_state import training_reason

__all__ = ["NOTHING_KNOWN", "Sides", "sides_of"]


@dataclasses.dataclass(frozen=True)
class Sides:
    """Both sides of a migration.

    Attributes:
      sources: the variables as matching sees them, by name.
      targets: the weights, by path.
      training: names of the variables that belong to training.
      entries: the variables themselves.
      declared: names of the variables whose roles rules say.
      states: paths of what no checkpoint holds: states of random generators.
    """

    sources: Mapping[str, Item]
    targets: Mapping[str, Item]
    training: frozenset[str]
    entries: Mapping[str, Entry]
    declared: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()

    def declaring(self, roles: Mapping[str, RuleMatch]) -> Sides:
        """Returns the sides with the roles that rules give to variables, which are the model's."""
        declared = {n: _declared(self.sources[n], m) for n, m in roles.items() if n in self.sources}
        return dataclasses.replace(
            self,
            sources={**self.sources, **declared},
            training=self.training - declared.keys(),
            declared=frozenset(declared),
        )


NOTHING_KNOWN = Sides({}, {}, frozenset(), {})
"""Sides of which names and shapes are all there is."""


def sides_of(checkpoint: Mapping[str, Entry], index: ModelIndex) -> Sides:
    """Returns what is known of a checkpoint and of a model."""
    names = {key: entry.name for key, entry in checkpoint.items()}
    return Sides(
        {
            key: Item(key, name.scope, name.role, checkpoint[key].shape)
            for key, name in names.items()
        },
        {
            path: Item(path, weight.layer_path, weight.role, tuple(weight.shape))
            for path, weight in index.items()
        },
        frozenset(key for key, name in names.items() if training_reason(name) is not None),
        checkpoint,
        states=frozenset(path for path, weight in index.items() if weight.kind == "state"),
    )


def _declared(item: Item, match: RuleMatch) -> Item:
    """Returns an item of the role that a rule says, in the scope that its pattern captures first.

    That is where the layer is whose variable it is: of ``(.*)/mean/EMA``, the norm.
    """
    scope = next(iter(match.rule.groups(item.path)), None)
    inside = scope is not None and item.path.startswith(f"{scope}/")
    module = scope if inside and scope is not None else item.module
    return dataclasses.replace(item, module=module, role=match.rule.role or item.role)
