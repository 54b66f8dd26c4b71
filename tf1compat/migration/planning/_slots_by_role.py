"""Which slots of which optimizer each variable has: by the graph's steps, else by their names."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.training_steps import Step, TrainingSteps
from tf1compat.checkpoint.object_based.keys import SLOT_MARK
from tf1compat.migration.carrying.family import Family, Kept
from tf1compat.migration.planning._kept_state import KeptNumbers, KeptStates, kept_states
from tf1compat.names.optimizers import OPTIMIZERS

__all__ = ["Slots", "slots_of"]

_NUMBER = re.compile(r"_[0-9]+$")


@dataclasses.dataclass(frozen=True)
class Slots:
    """The slots of a checkpoint.

    Attributes:
      by_variable: of each variable that has any, what is behind its name and the slot's own name;
        of a slot in parts, the first's.
      steps: of each variable that the graph steps on once, the step.
      parts: by a slot's first part, the names of all of them, in order.
      makers: by a slot, the optimizer that its saved name tells, in lower case; "" for none.
      objects: the slots that a checkpoint of objects says to be such.
      states: what optimizers keep beside their slots.
    """

    by_variable: Mapping[str, Mapping[str, str]]
    steps: Mapping[str, Step]
    parts: Mapping[str, tuple[str, ...]]
    makers: Mapping[str, str]
    objects: frozenset[str]
    states: KeptStates

    def of(self, variables: Iterable[str]) -> Iterator[str]:
        """Yields the slots of some variables."""
        for variable in variables:
            yield from self.by_variable.get(variable, {}).values()

    def role_names(self, family: Family, variable: str) -> Mapping[str, str] | None:
        """Returns the slots of a variable by what a family calls them; None if it has others."""
        step = self.steps.get(variable)
        if step is not None:
            known = step.optimizer in family.ops
            return step.slots if known and self._has(variable, step.slots) else None
        leaves = self.by_variable.get(variable, {})
        if not leaves:
            return None
        named = (
            self._learned(family, leaves)
            or self._by_hand(family, leaves)
            or _by_name(family, leaves)
        )
        return None if named is None else {role: leaves[leaf] for role, leaf in named.items()}

    def _has(self, variable: str, slots: Mapping[str, str]) -> bool:
        return set(slots.values()) <= set(self.by_variable.get(variable, {}).values())

    def _by_hand(self, family: Family, leaves: Mapping[str, str]) -> dict[str, str] | None:
        kept = self._kept(family, leaves)
        named = family.by_hand if kept is None else kept.slots
        return {named[leaf]: leaf for leaf in leaves} if leaves.keys() <= named.keys() else None

    def _kept(self, family: Family, leaves: Mapping[str, str]) -> Kept | None:
        """Returns how a checkpoint keeps some slots, if they may be a family's."""
        makers = {self.makers[name] for name in leaves.values()}
        counters = {self._counter(name) for name in leaves.values()}
        if len(makers) != 1 or len(counters) != 1:
            return None
        maker, counter = makers.pop(), counters.pop()
        return next(
            (
                one
                for one in family.kept
                if one.may_be(maker, counter)
                and leaves.keys() <= one.slots.keys()
                and {one.slots[leaf] for leaf in leaves} in map(set, family.slots)
            ),
            None,
        )

    def _counter(self, slot: str) -> str | None:
        state = self.states.of(slot)
        if state is not None:
            return state.called
        return "" if slot in self.objects else None  # tf.train's have none

    def kept(self, family: Family, variables: Iterable[str]) -> KeptNumbers | None:
        """Returns what is kept beside the slots of variables, if that is the same for all.

        None but plain gradient descent keeps something and has no slots.
        """
        variables = tuple(variables)
        if not any(self.by_variable.get(variable) for variable in variables):
            return self._without_slots(family)
        found = [
            (kept, self.states.of(name))
            for variable in variables
            if (leaves := self.by_variable.get(variable))
            and (kept := self._kept(family, leaves)) is not None
            for name in leaves.values()
        ]
        if not found or any(one != found[0] for one in found):
            return None
        kept, state = found[0]
        if state is None:
            return None
        there = {leaf for one in variables for leaf in self.by_variable.get(one, {})}
        slots = {kept.slots[leaf] for leaf in there & kept.slots.keys()}
        told = {setting: slot in slots for setting, slot in family.told.items()}
        return dataclasses.replace(state.numbers(kept), told=told)

    def _without_slots(self, family: Family) -> KeptNumbers | None:
        state = self.states.only
        fits = (one for one in family.kept if state and not one.slots)
        kept = next((one for one in fits if state and one.counter == state.called), None)
        return None if kept is None or state is None else state.numbers(kept)

    def untold(self, variables: Iterable[str], families: Iterable[Family]) -> bool:
        """Tells whether slots are of an optimizer of a name of its author's, and of which is open.

        Args:
          variables: those whose slots they are.
          families: all that there are.
        """
        every = [leaves for one in variables if (leaves := self.by_variable.get(one))]
        if all(self.makers[name] for leaves in every for name in leaves.values()):
            return False
        kept = (self._kept(one, leaves) for one in families for leaves in every)
        return len({one.within for one in kept if one is not None}) > 1

    def _learned(self, family: Family, leaves: Mapping[str, str]) -> dict[str, str] | None:
        """Returns a variable's slots as they are called where the graph tells which is which.

        1.15 has no single op for Adam's step on a few rows of a table.
        """
        known = {
            leaf: role
            for step in self.steps.values()
            if step.optimizer in family.ops
            for role, slot in step.slots.items()
            for leaf, name in self.by_variable.get(step.variable, {}).items()
            if name == slot
        }
        return {known[leaf]: leaf for leaf in leaves} if known.keys() >= leaves.keys() else None


def slots_of(checkpoint: Mapping[str, Entry], steps: TrainingSteps | None) -> Slots:
    """Returns the slots of a checkpoint, read in the light of its graph's steps."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    parts: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for name, entry in checkpoint.items():
        parsed = entry.name
        if parsed.kind != "slot" or not parsed.slot_of or not parsed.slot:
            continue
        if parsed.part is not None and parsed.slot_of in checkpoint:
            parts[parsed.slot_of, parsed.slot][parsed.part] = name
        found[parsed.slot_of].setdefault(parsed.slot, name)
    known = {name for name, entry in checkpoint.items() if entry.name.kind == "slot"}
    for step in steps.steps if steps else ():  # called otherwise than names tell
        for name in step.slots.values():
            if name in checkpoint and name not in known and step.variable in checkpoint:
                found[step.variable][name.removeprefix(f"{step.variable}/")] = name
    for (of, slot), numbered in parts.items():
        found[of][slot] = numbered[min(numbered)]
    by_variable: dict[str, list[Step]] = defaultdict(list)
    for step in steps.steps if steps else ():
        by_variable[step.variable].append(step)
    same = {  # parts of one variable take the same step
        variable: some[0]
        for variable, some in by_variable.items()
        if len({(one.optimizer, tuple(one.slots.values())) for one in some}) == 1
    }
    whole = [tuple(n for _, n in sorted(some.items())) for some in parts.values() if len(some) > 1]
    slots = [name for some in found.values() for name in some.values()]
    objects = frozenset(name for name in slots if SLOT_MARK in checkpoint[name].stored_key)
    makers = dict(_makers(checkpoint, slots))
    first = {names[0]: names for names in whole}
    return Slots(found, same, first, makers, objects, kept_states(checkpoint))


def _makers(checkpoint: Mapping[str, Entry], slots: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields slots with the first optimizer that the saved name tells, in lower case; "" for none.

    That of tf.keras is a scope (``training/SGD_1/dense/kernel/momentum``), 1.15's own the leaf.
    """
    known = {name.lower() for one in OPTIMIZERS.values() for name in one.names}
    for slot in slots:
        said = checkpoint[slot].name
        words = (_NUMBER.sub("", one).lower() for one in (*said.scope.split("/"), said.leaf))
        yield slot, next((word for word in words if word in known), "")


def _by_name(family: Family, leaves: Mapping[str, str]) -> dict[str, str] | None:
    for name in family.called:
        numbered = {}
        for leaf in leaves:
            number = "0" if leaf == name else leaf.removeprefix(f"{name}_")
            numbered[int(number) if number.isdecimal() else -1] = leaf
        if sorted(numbered) != list(range(len(leaves))):
            continue
        for roles in family.slots:
            if len(roles) == len(numbered):
                return {role: numbered[number] for number, role in enumerate(roles)}
    return None
