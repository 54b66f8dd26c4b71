"""What a plan leaves behind, counted by reason."""

from __future__ import annotations

from collections import Counter

from tf1compat.migration.planning.plan import Plan

__all__ = ["dropped_lines"]


def dropped_lines(plan: Plan) -> list[str]:
    """Returns a line for each reason for which sources are dropped, with their number.

    Slots are counted by their slot's name; a user's reason is there whole.
    """
    reasons = Counter(drop.because.folded for drop in plan.drops)
    return [f"dropped {count} ({reason})" for reason, count in reasons.items()]
