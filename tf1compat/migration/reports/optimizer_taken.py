"""What an optimizer goes on with, in a few lines."""

from __future__ import annotations

from collections import Counter

from tf1compat.migration.planning.plan import Plan

__all__ = ["training_lines"]


def training_lines(plan: Plan) -> list[str]:
    """Returns what goes along, what doesn't by reason, and what is computed otherwise.

    None of a plan for a model without an optimizer.
    """
    training = plan.training
    if training is None:
        return []
    kept = Counter(keep.reason for keep in training.keeps)
    lines = [training.headline()]
    lines += [f"  {count} {reason}" for reason, count in kept.items()]
    lines += [f"  differs: {one.text}" for one in training.differences]
    if training.unread:
        lines.append(f"  not compared, as no graph tells: {', '.join(training.unread)}")
    return [*lines, *(f"  {line}" for line in training.offered())]
