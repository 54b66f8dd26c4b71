"""Moving averages of weights, which both sides may keep."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from tf1compat.keras3.index.optimizer_index import OptimizerIndex
from tf1compat.migration.layouts.kept_numbers import shortest
from tf1compat.migration.planning._graph_numbers import GraphNumbers
from tf1compat.migration.planning._optimizer_differences import averages_beside_slots
from tf1compat.migration.planning._rates_compared import parting
from tf1compat.migration.planning._said import said_of
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.optimizer_lines import differs
from tf1compat.names.reasons import Reason

__all__ = ["AveragesCompared"]


@dataclasses.dataclass(frozen=True)
class AveragesCompared:
    """Both sides.

    Attributes:
      numbers: of the graph's steps.
      optimizer: that of the model.
      weights: the lines of the weights that it trains, by path.
      variables: the variables that each of these is of.
      averages: the moving averages of each variable.
      step: number of the next step.
    """

    numbers: GraphNumbers
    optimizer: OptimizerIndex
    weights: Mapping[str, Fill]
    variables: Mapping[str, Sequence[str]]
    averages: Mapping[str, Sequence[str]]
    step: int

    def differences(self) -> Iterator[Reason]:
        """Yields what differs."""
        sources = {path: fill.sources for path, fill in self.weights.items()}
        taken = [path for path, some in sources.items() if self._are_averages(some)]
        yield from averages_beside_slots(taken)
        kept = bool(self.optimizer.settings.get("use_ema"))
        with_one = [path for path in self.weights if self._of(path)]
        if kept and not with_one:
            yield differs("setting", setting="use_ema", v1=False, model=True)
        elif kept:
            without = [path for path in self.weights if path not in with_one]
            if without:
                v1, of = "no moving averages", said_of(without)
                yield differs("steps", v1=v1, model="moving averages", of=of)
            yield from self._momentum()
        elif with_one and not taken:
            yield differs("setting", setting="use_ema", v1=True, model=False)

    def unread(self) -> Iterator[str]:
        """Yields the decay of averages, where both sides keep some and nothing tells v1's."""
        if self.optimizer.settings.get("use_ema") and self._names() and not self._decays():
            yield "ema_momentum"

    def offered(self) -> dict[str, float]:
        """Returns the settings by which Keras keeps the averages that 1.15 kept."""
        if not self._names():
            return {}
        decays = {shortest(decay(1_000_000)) for decay in self._decays().values()}
        found: dict[str, float] = {"use_ema": True}
        return found | ({"ema_momentum": decays.pop()} if len(decays) == 1 else {})

    def _momentum(self) -> Iterator[Reason]:
        model = self.optimizer.settings.get("ema_momentum")
        seen: set[tuple[float, float]] = set()
        for decay in self._decays().values():
            found = parting(decay, lambda _: model if isinstance(model, float) else None, ())
            if found is None or found[1:] in seen:
                continue
            seen.add(found[1:])
            changes = decay(0) != decay(1_000_000)
            at = f" at step {self.step + found[0]}" if changes else ""
            v1 = f"{shortest(found[1]):g}{at}"
            yield differs("setting", setting="ema_momentum", v1=v1, model=model)

    def _decays(self) -> dict[str, Callable[[int], float]]:
        """Returns what decays of the averages are some steps from now, of those that are known."""
        found = {name: self.numbers.decay(name, self.step) for name in self._names()}
        return {name: decay for name, decay in found.items() if decay is not None}

    def _names(self) -> list[str]:
        return [name for path in self.weights for name in self._of(path)]

    def _of(self, path: str) -> list[str]:
        return [name for v in self.variables[path] for name in self.averages.get(v, ())]

    def _are_averages(self, sources: Sequence[str]) -> bool:
        entries = self.numbers.checkpoint
        return any(entries[name].name.kind == "shadow" for name in sources)
