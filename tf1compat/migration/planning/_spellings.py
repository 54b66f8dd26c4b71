"""Names that rules may use besides the checkpoint's own: what is stored, or was before."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tf1compat.checkpoint import Checkpoint
from tf1compat.names import LayoutFacts, Rule, RuleMatch, RuleOutcome, RuleSet

__all__ = ["spelled_alike"]


def spelled_alike(rules: RuleSet, checkpoint: Checkpoint) -> RuleSet:
    """Returns rules that may use any name of a variable.

    Of an object-based checkpoint it has up to three: its path, the key that is stored, and the one
    that it had in the program that saved it, where no other had the same. Of a file of Keras 3 it
    has two: the one to read, and the path that it is counted by.
    """
    if not (checkpoint.is_object_based or checkpoint.other_names):
        return rules
    count = Counter([*checkpoint, *checkpoint.saved_names.values()])
    counted = {name: other for other, name in checkpoint.other_names.items()}
    names = {}
    for name, entry in checkpoint.items():
        saved = checkpoint.saved_names.get(name, "")
        stored = counted.get(name, entry.stored_key)
        names[name] = (name, stored, *([saved] if count[saved] == 1 else []))
    return _Spelled(rules, names)


class _Spelled(RuleSet):
    """Rules of which each source is given in that spelling which the first one to match matches."""

    def __init__(self, rules: Iterable[Rule], names: Mapping[str, Sequence[str]]) -> None:
        super().__init__(rules)
        self._names = names

    def apply(
        self,
        sources: Iterable[str],
        *,
        targets: Iterable[str] | None = None,
        layouts: LayoutFacts | None = None,
    ) -> RuleOutcome:
        """Returns what the rules say, by the checkpoint's own names; as for any rules."""
        own = {self._spelling(name): name for name in sources}
        outcome = super().apply(own, targets=targets, layouts=layouts)

        def named(match: RuleMatch) -> RuleMatch:
            return dataclasses.replace(match, name=own[match.name])

        matches = [named(match) for match in outcome.sources.values()]
        parts, members = (tuple(map(named, some)) for some in (outcome.parts, outcome.members))
        roles = {match.name: match for match in map(named, outcome.roles.values())}
        found = {match.name: match for match in matches}
        return dataclasses.replace(
            outcome, sources=found, parts=parts, members=members, roles=roles
        )

    def _spelling(self, name: str) -> str:
        for rule in self:
            for spelling in self._names.get(name, ()) if rule.action != "keep" else ():
                if rule.concerns(spelling):
                    return spelling
        return name
