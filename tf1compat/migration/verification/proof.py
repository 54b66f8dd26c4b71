"""Proof by computing: what running both sides showed, line by line."""

from __future__ import annotations

import dataclasses
import enum
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification.divergence import Divergence
from tf1compat.migration.verification.outputs import OutputDifference
from tf1compat.printable import printable_name

__all__ = ["Proof", "Status"]

_FORMAT = 1


class Status(enum.Enum):
    """What is known of a line of the plan.

    Attributes:
      PROVED: the outputs agree, and another source or layout would have shown.
      NOT_REACHED: the outputs don't depend on the weight, or too little to tell.
      COPIED: nothing was computed with it.
      DIFFERS: the outputs agree until its source is changed.
    """

    PROVED = "proved"
    NOT_REACHED = "not reached"
    COPIED = "copied"
    DIFFERS = "differs"


@dataclasses.dataclass(frozen=True, repr=False)
class Proof:
    """What running both sides showed.

    Attributes:
      lines: by target, for each fill of the plan.
      outputs: how far the outputs are apart with the checkpoint's own values.
      changed: the same with every value changed.
      tolerance: largest difference of an output, relative to its largest expected value.
      notes: how the graph was changed to compute as it does when it doesn't train.
      reasons: by target, why a line isn't reached, where more is known than that.
      why: why nothing was computed; "" where something was.
      divergence: where the outputs differ, the first layer that does, if it could be told.
      layers: paths of the layers whose outputs were compared, since what is behind them is kept; ()
        where the model's own outputs were.
      inputs: tensors of the v1 graph that were given the model's inputs.
    """

    lines: Mapping[str, Status]
    outputs: tuple[OutputDifference, ...]
    changed: tuple[OutputDifference, ...]
    tolerance: float
    notes: tuple[str, ...] = ()
    reasons: Mapping[str, str] = dataclasses.field(default_factory=dict)
    why: str = ""
    divergence: Divergence | None = None
    layers: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    @classmethod
    def missing(cls, plan: Plan, why: str, *, tolerance: float) -> Proof:
        """Returns what is known of a plan with which nothing was computed, and why it wasn't."""
        lines = dict.fromkeys((fill.target for fill in plan.fills), Status.COPIED)
        return cls(lines, (), (), tolerance, why=why)

    @property
    def agrees(self) -> bool:
        """Whether the outputs agree both times."""
        return all(one.within(self.tolerance) for one in (*self.outputs, *self.changed))

    def count(self, status: Status) -> int:
        """Returns the number of lines of that status."""
        return sum(one is status for one in self.lines.values())

    def __str__(self) -> str:
        if self.why:
            return printable_name(f"{len(self.lines)} weights: copied, not proved: {self.why}")
        counts = [f"{self.count(one)} {one.value}" for one in Status if self.count(one)]
        return f"{len(self.lines)} weights: {', '.join(counts)}"

    def __repr__(self) -> str:
        return f"<Proof: {self}>"

    def record(self) -> dict[str, Any]:
        """Returns what JSON and manifests hold of it; ``docs/proof.md`` has the fields."""
        found = Counter(one.value for one in self.lines.values())
        return {
            "format": _FORMAT,
            "headline": str(self),
            "counts": {one.value: found[one.value] for one in Status},
            "lines": {target: one.value for target, one in self.lines.items()},
            "reasons": dict(self.reasons),
            "why": self.why,
            "agrees": None if self.why else self.agrees,
            "tolerance": self.tolerance,
            "outputs": [one.record() for one in self.outputs],
            "changed": [one.record() for one in self.changed],
            "notes": list(self.notes),
            "layers": list(self.layers),
            "divergence": None if self.divergence is None else self.divergence.record(),
        }
