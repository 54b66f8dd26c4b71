"""What training kept and an optimizer leaves behind, with why."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tf1compat.keras3.index.optimizer_index import OptimizerIndex
from tf1compat.migration.layouts.kept_numbers import shortest
from tf1compat.migration.planning._one_optimizer import OF_TRAINING, OneOptimizer
from tf1compat.migration.planning.lines import Drop
from tf1compat.migration.planning.optimizer_lines import left

__all__ = ["DropLines"]


@dataclasses.dataclass(frozen=True)
class DropLines:
    """Says anew why sources are left behind, once it is known what goes along.

    Attributes:
      parts: the optimizers that go on.
      optimizer: all of them.
      used: the sources that go along.
    """

    parts: Sequence[OneOptimizer]
    optimizer: OptimizerIndex
    used: set[str]

    def line(self, drop: Drop) -> Drop | None:
        """Returns the line of what is left behind; None for what goes along."""
        source = drop.source
        if source in self.used and drop.kind in OF_TRAINING:
            return None
        for part in self.parts:
            taken = part.taken
            if source in taken.powers and taken.powers[source][1] == taken.counted:
                step = taken.powers[source][1]
                drop = Drop(source, left("step_agrees", step=step, source=taken.counter or ""))
        if drop.kind != "slot":
            return self._with_beta(drop)
        slot, of = (str(drop.facts.get(fact, "")) for fact in ("slot", "of"))
        kinds = [one.kind for part in self.parts for one in [part] if of in part.variables]
        kind = (kinds or [self.optimizer.kind])[0].rpartition(">")[2]
        why = f"{kind} has no place for it" if kinds else "it trains no such weight"
        return Drop(source, left("slot_left", slot=slot, of=of, why=why))

    def _with_beta(self, drop: Drop) -> Drop:
        """Returns the line of a power with the fact that makes it follow steps on the way back."""
        betas = [
            beta
            for part in self.parts
            for source, beta in part.taken.kept.values()
            if source == drop.source
        ]
        if not betas or betas[0] is None:
            return drop
        because = drop.because
        facts = {**because.facts, "beta": str(shortest(betas[0]))}
        return dataclasses.replace(drop, because=dataclasses.replace(because, facts=facts))
