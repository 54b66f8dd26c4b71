"""From what each variable would get its value on the way back, before anything is read."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.backward._lines_back import default_slots, lines_back
from tf1compat.migration.backward._remaining import remaining
from tf1compat.migration.planning.plan import Plan

__all__ = ["Origin", "origins"]


@dataclasses.dataclass(frozen=True)
class Origin:
    """One variable on the way back.

    Attributes:
      name: of the variable.
      what: what becomes of it: ``"from weights"``, ``"from steps"``, ``"follows"``,
        ``"as it was"``, ``"left out"``.
      of: the weights, or variables of the optimizer, each with its layout if it has one, or the
        variable that it follows.
    """

    name: str
    what: str
    of: str = ""


def origins(
    plan: Plan,
    entries: Mapping[str, Entry],
    *,
    slots: str | None,
    shadows: str,
    held: Container[str] | None = None,
) -> Iterator[Origin]:
    """Yields from what each variable of a complete plan would get its value.

    Args:
      plan: a complete plan.
      entries: the checkpoint that it was made for.
      slots: as :func:`~tf1compat.migration.convert_back` takes it.
      shadows: as that takes it.
      held: the file that has the weights, as :func:`~tf1compat.keras3.read_exported` opens it;
        None where the model itself has them.
    """
    slots = default_slots(plan, held) if slots is None else slots
    lines = lines_back(plan, entries, slots=slots, shadows=shadows)
    rest = remaining(lines, entries, slots=slots, shadows=shadows)
    weights: dict[str, list[str]] = defaultdict(list)
    for fill in lines.fills:
        for name in fill.sources:
            weights[name].append(f"{fill.target} [{fill.moved}]" if fill.moved else fill.target)
    for name, targets in weights.items():
        yield Origin(name, "from weights", ", ".join(targets))
        for follower in rest.followers.get(name, ()):
            yield Origin(follower, "follows", name)
    for name in lines.advanced:
        counting = lines.counted.get(name, lines.counting)
        yield Origin(name, "from steps", counting.target if counting else "")
    for name, of in rest.kept.items():
        yield Origin(name, "as it was", f"belongs to {of}" if of else "")
    for name in rest.omitted:
        yield Origin(name, "left out")
