"""The v1 graph and the Keras model, run with the same inputs and the same values of the sources."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from tf1compat.checkpoint import Entry
from tf1compat.errors import UsageError
from tf1compat.files.telling import tell_step
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.models.as_function import (
    Sensitivity,
    compute_gradients,
    compute_outputs,
    own_value,
)
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.values import value_for
from tf1compat.migration.verification._changes import Lazy
from tf1compat.migration.verification.outputs import OutputDifference, output_difference
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph

__all__ = [
    "BothSides",
    "NotANumberError",
    "Run",
    "computing",
    "source_names",
    "source_values",
    "stand_ins",
    "variable_values",
    "weight_values",
]


def computing(graph: GraphFile, plan: Plan) -> GraphFile:
    """Returns a graph as a plan's model computes: without quantizations if it has no ranges."""
    return graph.of_variables(plan.sources.keys() - {drop.source for drop in plan.drops})


def weight_values(
    plan: Plan,
    index: ModelIndex,
    checkpoint: Mapping[str, Entry],
    sources: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> Lazy:
    """Returns a value for each weight of a model.

    What the plan fills is made of its sources, as `sources` has them or else the checkpoint;
    anything else is as it is, or as it would be at first.
    """
    fills = {fill.target: fill for fill in plan.fills}

    def make(path: str) -> np.ndarray:
        own = functools.partial(own_value, index[path].variable)
        if path in fills:
            return value_for(fills[path], checkpoint, known=sources, initial=own)
        return own()

    return Lazy(index, make)


def source_names(plan: Plan) -> tuple[str, ...]:
    """Returns the names of all sources that a plan uses."""
    return tuple(dict.fromkeys(source for fill in plan.fills for source in fill.sources))


def source_values(plan: Plan, checkpoint: Mapping[str, Entry]) -> Lazy:
    """Returns the values of all sources that a plan uses, but for those that can't have others."""
    names = (name for name in source_names(plan) if not checkpoint[name].is_fixed)
    return Lazy(names, lambda name: checkpoint[name].read())


class NotANumberError(UsageError):
    """What the v1 graph computes isn't a number: it takes a logarithm of negative inputs, say."""


class Run(NamedTuple):
    """One run of both sides: the model's outputs, and how far those of the two are apart."""

    outputs: Sequence[np.ndarray]
    differences: tuple[OutputDifference, ...]


@dataclasses.dataclass(frozen=True)
class BothSides:
    """Both sides of a proof.

    Attributes:
      plan: a complete plan.
      index: the model's index; its weights may be without values.
      reference: the v1 graph.
      checkpoint: the open checkpoint.
      inputs: arrays by the name of the v1 tensor that they are given to.
      model_inputs: what the model is given, in its order.
      outputs: tensors of the v1 graph, in the order of what they are compared with.
      layers: paths of the layers whose outputs are compared; none for the model's own outputs.
      only: numbers of the model's outputs that are compared; none for all of them.
      computed: what the model computes with the checkpoint's values, if that is known.
      tensors: what the graph does, as far as it is known, by the names of tensors.
      resized: the same with inputs of other sizes; None where all sizes are known.
    """

    plan: Plan
    index: ModelIndex
    reference: ReferenceGraph
    checkpoint: Mapping[str, Entry]
    inputs: Mapping[str, np.ndarray]
    model_inputs: Mapping[str, np.ndarray]
    outputs: Sequence[str]
    layers: Sequence[str] = ()
    only: Sequence[int] = ()
    computed: Sequence[np.ndarray] = ()
    tensors: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    resized: BothSides | None = None

    def sources(self) -> Lazy:
        """Returns the values of all sources of the plan that may be changed."""
        return source_values(self.plan, self.checkpoint)

    @functools.cached_property
    def stand_ins(self) -> Mapping[str, str]:
        """For each variable of the graph, the source that the plan takes for it."""
        return stand_ins(self.plan, self.checkpoint, self.reference.variables)

    def at_rest(self) -> Run:
        """Runs both sides with the checkpoint's values, as far as that wasn't done before.

        Raises:
          NotANumberError: the graph computes NaN, which tells nothing even if the model does, too.
        """
        tell_step("both sides as they are")
        sources = self.sources()
        known = all(name in self.tensors for name in self.outputs)
        expected = self.tensors if known else self._expected(sources)
        unknown = [name for name in self.outputs if np.isnan(_real(expected[name])).any()]
        if unknown:
            raise NotANumberError(
                f"the v1 graph computes NaN for {', '.join(unknown)} from inputs that are made up; "
                "compare outputs recorded from real ones (verify --recording)"
            )
        return self._run(expected, self.computed or self._computed(sources))

    def run(self, sources: Mapping[str, np.ndarray]) -> Run:
        """Runs both sides with these values of the plan's sources."""
        tell_step("both sides with other values")
        return self._run(self._expected(sources), self._computed(sources))

    def run_back(
        self,
        sources: Mapping[str, np.ndarray],
        projection: Callable[[Sequence[int]], np.ndarray],
    ) -> tuple[Run, Mapping[str, Sensitivity]]:
        """Runs both sides, and the model backwards, too.

        Args:
          sources: values of the plan's sources.
          projection: as for :func:`~tf1compat.keras3.models.as_function.compute_gradients`.

        Returns:
          what :meth:`run` does, and how much the outputs depend on each weight, by path.
        """
        tell_step("both sides with other values, and gradients")
        weights = weight_values(self.plan, self.index, self.checkpoint, sources)
        found, norms = compute_gradients(
            self.index,
            self.model_inputs,
            weights,
            projection,
            layers=self.layers,
            only=self.only,
        )
        return self._run(self._expected(sources), found), norms

    def _expected(self, sources: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        values = variable_values(self.stand_ins, self.checkpoint, sources)
        return self.reference.run(self.inputs, values, only=self.outputs)

    def _computed(self, sources: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        weights = weight_values(self.plan, self.index, self.checkpoint, sources)
        return compute_outputs(
            self.index, self.model_inputs, weights, layers=self.layers, only=self.only
        )

    def _run(self, expected: Mapping[str, np.ndarray], found: Sequence[np.ndarray]) -> Run:
        if len(self.outputs) != len(found):
            raise UsageError(
                f"expected a tensor of the v1 graph for each output of the model, which has "
                f"{len(found)}, found {', '.join(self.outputs)}"
            )
        pairs = zip(self.outputs, found, strict=True)  # of which two may have one tensor
        return Run(found, tuple(output_difference(n, expected[n], y) for n, y in pairs))


def _real(value: np.ndarray) -> np.ndarray:
    """Returns numbers for which NumPy tells what isn't one; of other kinds, all are."""
    return value.astype(np.float64) if value.dtype.kind in "fV" else np.zeros(0)


def stand_ins(
    plan: Plan, checkpoint: Mapping[str, Entry], variables: Iterable[str]
) -> dict[str, str]:
    """Returns for each of a graph's variables the source that the plan takes for it.

    The variable itself, or its moving average where the plan takes that one: the graph is then to
    compute with averages, too.
    """
    used = set(source_names(plan))
    averages = {checkpoint[s].name.shadow_of: s for s in used}
    return {
        name: averages[name] if name in averages and name not in used else name
        for name in variables
    }


def variable_values(
    stand_ins: Mapping[str, str],
    checkpoint: Mapping[str, Entry],
    sources: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> Lazy:
    """Returns the values of a graph's variables.

    Args:
      stand_ins: for each variable the source whose value it gets.
      checkpoint: the open checkpoint.
      sources: values of sources; what isn't there is as in the checkpoint.

    Raises:
      UsageError: when a value is asked for that neither has.
    """

    def make(name: str) -> np.ndarray:
        source = stand_ins[name]
        if source in sources:
            return sources[source]
        if source not in checkpoint:
            raise UsageError(
                f"expected the v1 graph's variable {name} in the checkpoint, found none; name "
                "outputs that don't need it"
            )
        return checkpoint[source].read()

    return Lazy(stand_ins, make)
