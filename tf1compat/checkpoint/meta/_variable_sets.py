"""Sets of a graph's variables, of which a graph may have one for every node.

A set is a span of bits from the first variable that it has. Variables that work together stand
together in a graph, so that most sets take a few bytes; one of all variables takes an eighth of a
byte a variable. As sets of names, those of 8,000 variables that are added up took gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tf1compat.budget import Budget, Meter

__all__ = ["NONE", "VariableSet", "VariableSets"]

SETS = Meter("bytes of sets of variables", each=4, least=48 << 20)
NAMED = Meter("pairs of variables in its flow", each=1, least=1_000_000)
_SPARSE = 8


class VariableSet(NamedTuple):
    """The variables whose numbers, less `first`, are those of the bits that are set."""

    first: int
    bits: int

    def __or__(self, other: VariableSet) -> VariableSet:
        """Returns the union; one of the two themselves where that is it."""
        low, high = (self, other) if self.first <= other.first else (other, self)
        if not high.bits:
            return low
        if not low.bits:
            return high
        bits = low.bits | high.bits << high.first - low.first
        return low if bits == low.bits else VariableSet(low.first, bits)

    def __sub__(self, other: VariableSet) -> VariableSet:
        """Returns what isn't in the other."""
        shift = other.first - self.first
        taken = other.bits << shift if shift >= 0 else other.bits >> -shift
        return VariableSet(self.first, self.bits & ~taken) if self.bits & taken else self

    def numbers(self) -> list[int]:
        """Returns the variables' numbers."""
        bits, found = self.bits, []
        if bits.bit_count() * _SPARSE > bits.bit_length():
            digits = enumerate(bin(bits)[:1:-1], self.first)
            return [number for number, digit in digits if digit == "1"]
        while bits:
            lowest = bits & -bits
            found.append(self.first + lowest.bit_length() - 1)
            bits ^= lowest
        return found


NONE = VariableSet(0, 0)


class VariableSets:
    """Makes sets, as many as the graph's file warrants, and gives their members' names.

    Args:
      names: all variables, in the graph's order.
      budget: that of the file.
    """

    def __init__(self, names: Iterable[str], budget: Budget) -> None:
        self._names = tuple(dict.fromkeys(names))
        self._numbers: Mapping[str, int] = {name: n for n, name in enumerate(self._names)}
        self._budget = budget
        self._named: dict[VariableSet, frozenset[str]] = {}

    def of(self, name: str) -> VariableSet:
        """Returns the set of one variable."""
        return VariableSet(self._numbers[name], 1)

    def union(self, sets: Iterable[VariableSet]) -> VariableSet:
        """Returns the union of sets.

        Raises:
          BudgetError: with those made before it is more than the file's size warrants.
        """
        whole = NONE
        for one in sets:
            made = whole | one
            if made is not whole and made is not one:
                self._budget.spend(SETS, made.bits.bit_length() // 8)
            whole = made
        return whole

    def names(self, members: VariableSet) -> list[str]:
        """Returns the names of a set's members, sorted."""
        return sorted(self._names[number] for number in members.numbers())

    def frozen(self, members: VariableSet) -> frozenset[str]:
        """Returns the names of a set's members, once for equal sets; errors as for `union`."""
        if members not in self._named:
            self._budget.spend(NAMED, members.bits.bit_count())
            self._named[members] = frozenset(self.names(members))
        return self._named[members]
