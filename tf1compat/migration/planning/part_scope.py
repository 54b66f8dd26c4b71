"""Migrating a part: one scope of a checkpoint into one part of a model, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from tf1compat.errors import Problem, UnknownNameError, UsageError
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.planning._kinds import OUTSIDE
from tf1compat.migration.planning.lines import Drop, Keep
from tf1compat.names import in_scope
from tf1compat.names.nearest import nearest_scopes

__all__ = ["EVERYTHING", "PartScope"]


@dataclasses.dataclass(frozen=True)
class PartScope:
    """What of both sides a migration is about. What is outside is left as it is, and said to be.

    Attributes:
      source: scope of the checkpoint whose variables alone are taken; ``""`` for all.
      target: path of the part of the model whose weights alone are filled; ``""`` for all.
    """

    source: str = ""
    target: str = ""

    @classmethod
    def of(cls, given: PartScope | str) -> PartScope:
        """Returns the part that a text ``"scope:part"`` says; either may be empty.

        Raises:
          UsageError: it says none.

        >>> PartScope.of("bert:encoder"), str(PartScope.of("bert"))
        (PartScope(source='bert', target='encoder'), 'bert -> the model')
        """
        if isinstance(given, PartScope):
            return given
        if not isinstance(given, str) or given.count(":") > 1 or not given.strip(":/ "):
            raise UsageError(
                f"part {given!r}: expected a scope of the checkpoint and a part of the model, such "
                "as 'bert:encoder'; either may be empty"
            )
        source, _, target = given.partition(":")
        return cls(source.strip("/ "), target.strip("/ "))

    def __str__(self) -> str:
        return f"{self.source or 'the checkpoint'} -> {self.target or 'the model'}"

    def require(self, sources: Iterable[str], index: ModelIndex) -> None:
        """Does nothing where both sides have something in it.

        Raises:
          UnknownNameError: a side has nothing in it; the nearest scopes are named.
        """
        paths = [use for weight in index.values() for use in weight.uses]
        sides = (
            (self.source, "a scope of the checkpoint", list(sources)),
            (self.target, "a part of the model", paths),
        )
        problems = []
        for scope, what, names in sides:
            if scope and not any(in_scope(name, scope) for name in names):
                remedy = f"nearest: {nearest_scopes(scope, names)}"
                problems.append(Problem(f"part {scope!r}", what, "nothing in it", "", remedy))
        if problems:
            raise UnknownNameError.from_problems("the part to migrate isn't there:", problems)

    def outside(
        self, sources: Iterable[str], targets: Iterable[str], index: ModelIndex
    ) -> tuple[tuple[Drop, ...], tuple[Keep, ...]]:
        """Returns a line for each of some variables and weights that is outside.

        A weight is inside if any path that leads to it is.
        """
        drops = tuple(
            Drop(name, OUTSIDE.because(part=self.source))
            for name in sources
            if not in_scope(name, self.source)
        )
        keeps = tuple(
            Keep(path, OUTSIDE.because(part=self.target))
            for path in targets
            if not any(in_scope(use, self.target) for use in index[path].uses)
        )
        return drops, keeps


EVERYTHING = PartScope()
