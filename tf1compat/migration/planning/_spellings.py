"""Names that rules may use besides the checkpoint's own: those of an object-based one."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from tf1compat.checkpoint import Checkpoint
from tf1compat.migration.planning._ruling import Ruling
from tf1compat.names import RuleSet

__all__ = ["Spellings"]

_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True)
class Spellings:
    """How some rules spell the sources that they speak of.

    A variable of an object-based checkpoint has up to three names: its path, the key that is
    stored, and the one that it had in the program that saved it. Rules may use any; the first rule
    that matches one of them says which it is, so that rules and their errors need to know nothing
    of it.

    Attributes:
      rules: the rules.
      own: by spelling, the name in the checkpoint; without those that are spelled like it.
    """

    rules: RuleSet
    own: Mapping[str, str]

    @classmethod
    def of(cls, checkpoint: Checkpoint, rules: RuleSet) -> Spellings:
        """Returns how `rules` spell a checkpoint's variables."""
        if not checkpoint.is_object_based:
            return cls(rules, {})
        count = Counter([*checkpoint, *checkpoint.saved_names.values()])
        own = {}
        for name, entry in checkpoint.items():
            saved = checkpoint.saved_names.get(name, "")
            others = [entry.stored_key, *([saved] if count[saved] == 1 else [])]
            spelling = _first(rules, [name, *others])
            if spelling != name:
                own[spelling] = name
        return cls(rules, own)

    def done(self, sources: Mapping[str, _T]) -> dict[str, _T]:
        """Returns what is known of sources by the names that the rules use."""
        spelled = {name: spelling for spelling, name in self.own.items()}
        return {spelled.get(name, name): value for name, value in sources.items()}

    def undone(self, ruling: Ruling) -> Ruling:
        """Returns what rules decided by the checkpoint's names."""
        return dataclasses.replace(
            ruling,
            fills=tuple(
                dataclasses.replace(fill, sources=tuple(map(self._name, fill.sources)))
                for fill in ruling.fills
            ),
            drops=tuple(
                dataclasses.replace(drop, source=self._name(drop.source)) for drop in ruling.drops
            ),
        )

    def _name(self, spelling: str) -> str:
        return self.own.get(spelling, spelling)


def _first(rules: RuleSet, names: list[str]) -> str:
    """Returns that of a variable's names which the first rule that matches any matches."""
    for rule in rules:
        if rule.action != "keep":
            for name in names:
                if rule.matches(name):
                    return name
    return names[0]
