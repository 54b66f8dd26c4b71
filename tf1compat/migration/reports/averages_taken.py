"""What a plan does with the moving averages of its checkpoint, in one line."""

from __future__ import annotations

from tf1compat.migration.planning.plan import Plan

__all__ = ["averages_lines"]


def averages_lines(plan: Plan) -> list[str]:
    """Returns a line that says how many variables have averages and which were taken.

    Returns:
      one line, or none where the checkpoint holds no averages.
    """
    left = {str(drop.facts["of"]) for drop in plan.drops if drop.kind == "average"}
    taken = {drop.source for drop in plan.drops if drop.kind == "averaged"}
    held = len(left | taken)
    if not held:
        return []
    if not taken:
        how = "none was taken, the variables themselves were; --averages=use takes the averages"
    elif len(taken) == held:
        how = "all were taken, in place of the variables"
    else:
        how = f"{len(taken)} were taken, in place of the variables"
    return [f"the checkpoint holds moving averages of {held} variables: {how}"]
