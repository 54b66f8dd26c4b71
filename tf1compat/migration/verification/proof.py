"""Proof by computing: both sides, with the same inputs and the same changes of their weights.

A copy that equals its source bit for bit may still be the wrong copy. So the v1 graph and the Keras
model are run side by side, first with the checkpoint's values, then with every source changed at
random and every target filled anew from its changed sources. Where the outputs agree both times,
each line whose change would have shown in the outputs is *proved*: had it had another source or
another layout, they would differ. How much a change shows is told by the gradient of the outputs.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tf1compat.checkpoint import Entry
from tf1compat.errors import UsageError
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.models.as_function import compute_outputs, gradient_norms
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.values import value_for
from tf1compat.migration.verification.outputs import OutputDifference, compare_outputs
from tf1compat.migration.verification.reference.graph import ReferenceGraph

__all__ = ["Proof", "Status", "model_outputs", "prove_lines"]

_SEED = 1155
_CHANGE = 0.3  # of a value's own scale
_LEAST = 0.3
_ROUNDING = 1e-7  # of the largest output, in float32
_SURE = 10  # times what was seen that a wrong value would have shown


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


@dataclasses.dataclass(frozen=True)
class Proof:
    """What running both sides showed.

    Attributes:
      lines: by target, for each fill of the plan.
      outputs: how far the outputs are apart with the checkpoint's own values.
      changed: the same with every value changed.
      tolerance: largest difference of an output, relative to its largest expected value.
      notes: how the graph was changed to compute as it does when it doesn't train.
    """

    lines: Mapping[str, Status]
    outputs: tuple[OutputDifference, ...]
    changed: tuple[OutputDifference, ...]
    tolerance: float
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the outputs agree both times."""
        return _agree((*self.outputs, *self.changed), self.tolerance)

    def count(self, status: Status) -> int:
        """Returns the number of lines of that status."""
        return sum(one is status for one in self.lines.values())

    def __str__(self) -> str:
        counts = [f"{self.count(one)} {one.value}" for one in Status if self.count(one)]
        return f"{len(self.lines)} weights: {', '.join(counts)}"


def prove_lines(
    plan: Plan,
    index: ModelIndex,
    reference: ReferenceGraph,
    *,
    checkpoint: Mapping[str, Entry],
    inputs: Mapping[str, np.ndarray],
    model_inputs: Mapping[str, np.ndarray],
    outputs: Sequence[str],
    tolerance: float,
) -> Proof:
    """Runs both sides and returns which lines of the plan that proves.

    Args:
      plan: a complete plan.
      index: the model's index; its weights may be without values.
      reference: the v1 graph.
      checkpoint: the open checkpoint.
      inputs: arrays by the name of the v1 tensor that they are given to.
      model_inputs: what the model is given, in its order.
      outputs: tensors of the v1 graph, in the order of the model's outputs.
      tolerance: largest difference of an output, relative to its largest expected value.
    """
    both = _BothSides(plan, index, reference, checkpoint, inputs, model_inputs, outputs)
    rng = np.random.default_rng(_SEED)
    plain = both.sources()
    changed = {name: perturbed(value, rng) for name, value in plain.items()}
    at_rest, moved = both.run(plain).differences, both.run(changed)
    lines = dict.fromkeys((fill.target for fill in plan.fills), Status.COPIED)
    proof = Proof(lines, at_rest, moved.differences, tolerance, reference.notes)
    if proof.agrees:
        lines.update(_reached(both, plain, changed, proof, moved))
    elif _agree(at_rest, tolerance):
        lines.update(_wrong(both, plain, changed, tolerance))
    return proof


def _agree(differences: Iterable[OutputDifference], tolerance: float) -> bool:
    return all(one.within(tolerance) for one in differences)


def perturbed(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns `value` changed at random by about a third of its scale; integers as they are.

    What is nowhere negative, like a variance, stays so.
    """
    if value.dtype.kind not in "fV" or not value.size:
        return value
    plain = value.astype(np.float64)
    # Biases and statistics near zero change by what would matter to an activation of ordinary size.
    least = _LEAST if value.ndim < 2 else 0.0
    scale = max(float(np.sqrt(np.mean(np.square(plain)))), least) or _LEAST
    change = plain + _CHANGE * scale * rng.normal(size=value.shape)
    if plain.min() >= 0:
        change = np.abs(change) + _CHANGE * scale
    return change.astype(value.dtype)


class _Run(NamedTuple):
    """One run of both sides: the model's weights and outputs, and how far the outputs are apart."""

    weights: Mapping[str, np.ndarray]
    outputs: Sequence[np.ndarray]
    differences: tuple[OutputDifference, ...]


@dataclasses.dataclass(frozen=True)
class _BothSides:
    plan: Plan
    index: ModelIndex
    reference: ReferenceGraph
    checkpoint: Mapping[str, Entry]
    inputs: Mapping[str, np.ndarray]
    model_inputs: Mapping[str, np.ndarray]
    outputs: Sequence[str]

    def sources(self) -> dict[str, np.ndarray]:
        """Returns the values of all sources of the plan."""
        names = dict.fromkeys(source for fill in self.plan.fills for source in fill.sources)
        return {name: self.checkpoint[name].read() for name in names}

    @functools.cached_property
    def stand_ins(self) -> Mapping[str, str]:
        """For each variable of the graph, the source that the plan takes for it.

        The variable itself, or its moving average where the plan takes that one: the graph is then
        to compute with averages, too.
        """
        used = {source for fill in self.plan.fills for source in fill.sources}
        averages = {self.checkpoint[s].name.shadow_of: s for s in used}
        return {
            name: averages[name] if name in averages and name not in used else name
            for name in self.reference.variables
        }

    def run(self, sources: Mapping[str, np.ndarray]) -> _Run:
        """Runs both sides with these values of the plan's sources."""
        values = {
            name: sources[source] if source in sources else self.checkpoint[source].read()
            for name, source in self.stand_ins.items()
        }
        expected = self.reference.run(self.inputs, values, only=self.outputs)
        weights = _weights(self.plan, self.index, self.checkpoint, sources)
        found = compute_outputs(self.index, self.model_inputs, weights)
        compared = compare_outputs(expected, dict(zip(self.outputs, found, strict=False)))
        return _Run(weights, found, compared)


def model_outputs(
    plan: Plan,
    index: ModelIndex,
    checkpoint: Mapping[str, Entry],
    inputs: Mapping[str, np.ndarray],
) -> tuple[np.ndarray, ...]:
    """Returns what the model computes once the plan is carried out; its weights stay as they are.

    Args:
      plan: a complete plan.
      index: the model's index.
      checkpoint: the open checkpoint.
      inputs: what the model is given, in its order.
    """
    return compute_outputs(index, inputs, _weights(plan, index, checkpoint, {}))


def _weights(
    plan: Plan,
    index: ModelIndex,
    checkpoint: Mapping[str, Entry],
    sources: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Returns a value for each weight, with what isn't among `sources` as in the checkpoint."""
    fills = {fill.target: fill for fill in plan.fills}
    return {
        path: value_for(
            fills[path],
            checkpoint,
            known=sources,
            initial=functools.partial(_initial, index[path].variable),
        )
        if path in fills
        else _initial(index[path].variable)
        for path in index
    }


def _initial(variable: Any) -> np.ndarray:
    """Returns the value of a weight that the plan doesn't fill; zeros where it has none yet."""
    value = getattr(variable, "_value", None)
    if value is None:
        return np.zeros(variable.shape, str(variable.dtype))
    return np.asarray(variable.numpy())


def _reached(
    both: _BothSides,
    plain: Mapping[str, np.ndarray],
    changed: Mapping[str, np.ndarray],
    proof: Proof,
    moved: _Run,
) -> dict[str, Status]:
    """Returns for each line whether another value would have shown in the outputs.

    It would if that had moved them by much more than the largest difference that was seen, or than
    rounding does. A shift of N elements projects to about its L2 norm, and its largest element is
    that by sqrt(N) or more.
    """
    rng = np.random.default_rng(_SEED)
    projections = [rng.normal(size=y.shape).astype(np.float32) for y in moved.outputs]
    norms = gradient_norms(both.index, both.model_inputs, moved.weights, projections)
    seen = max(one.max_abs for one in (*proof.outputs, *proof.changed))
    largest = max(float(np.abs(y).max(initial=0)) for y in moved.outputs if y.dtype.kind == "f")
    noise = max(seen, _ROUNDING * largest) * np.sqrt(sum(y.size for y in moved.outputs))
    found = {}
    for fill in both.plan.fills:
        steps = [_step(plain[s], changed[s]) for s in fill.sources]
        sure = norms.get(fill.target, 0.0) * max(steps) > _SURE * noise and _needed(both, fill)
        found[fill.target] = Status.PROVED if sure else Status.NOT_REACHED
    return found


def _needed(both: _BothSides, fill: Fill) -> bool:
    return set(fill.sources) <= set(both.stand_ins.values())


def _step(before: np.ndarray, after: np.ndarray) -> float:
    """Returns the size of a change, per element."""
    if before.dtype.kind not in "fV" or not before.size:
        return 0.0
    return float(np.sqrt(np.mean(np.square(after.astype(np.float64) - before.astype(np.float64)))))


def _wrong(
    both: _BothSides,
    plain: Mapping[str, np.ndarray],
    changed: Mapping[str, np.ndarray],
    tolerance: float,
) -> dict[str, Status]:
    """Returns which lines make the outputs differ once their sources are changed, by halving."""
    found: set[str] = set()
    waiting = [list(changed)]
    while waiting:
        names = waiting.pop()
        some = {name: changed[name] for name in names}
        if _agree(both.run({**plain, **some}).differences, tolerance):
            continue
        if len(names) == 1:
            found.update(names)
        else:
            waiting += [names[: len(names) // 2], names[len(names) // 2 :]]
    if not found:
        raise UsageError("the outputs differ when weights change together, and not one by one")
    wrong = [fill.target for fill in both.plan.fills if not found.isdisjoint(fill.sources)]
    return dict.fromkeys(wrong, Status.DIFFERS)
