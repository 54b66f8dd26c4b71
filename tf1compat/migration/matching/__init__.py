"""Finds, for weights without a rule, the one source that evidence supports, or says it can't."""

from tf1compat.migration.matching.item import Item
from tf1compat.migration.matching.rounds import Matching, match_items
from tf1compat.migration.matching.solver import Tie

__all__ = ["Item", "Matching", "Tie", "match_items"]
