"""Finds, for weights without a rule, the one source that evidence supports, or says it can't."""

from tf1compat.migration.matching.match import Matching, Tie, match_items
from tf1compat.migration.matching.nodes import Item

__all__ = ["Item", "Matching", "Tie", "match_items"]
