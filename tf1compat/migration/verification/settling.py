"""Ambiguities settled by computing: the one assignment with which both sides compute the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import Checkpoint
from tf1compat.errors import UsageError
from tf1compat.files.telling import tell_step
from tf1compat.keras3 import ModelIndex, index_model
from tf1compat.keras3.models.as_function import compute_gradients, compute_outputs
from tf1compat.migration.planning.computed import COMPUTED, ONE_BY_ONE
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.optimizer_plan import with_training_again
from tf1compat.migration.planning.parts import uncovered_sources
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification._assignments import (
    Assignment,
    OpenAssignments,
    Units,
    layout_for,
    open_assignments,
    open_units,
)
from tf1compat.migration.verification._both_sides import (
    computing,
    source_values,
    stand_ins,
    variable_values,
    weight_values,
)
from tf1compat.migration.verification._changes import changed
from tf1compat.migration.verification._kept import frontiers
from tf1compat.migration.verification._one_by_one import Runs, one_by_one
from tf1compat.migration.verification.given import Given, GraphOptions
from tf1compat.migration.verification.outputs import as_rows, output_difference
from tf1compat.migration.verification.reference.graph_file import graph_beside
from tf1compat.names.graph_names import tensor_name
from tf1compat.names.reasons import Reason

__all__ = ["Settlement", "settle"]

_MOST = 24  # assignments that are tried
_MANY = 64  # scopes that are changed one by one
_WHICH = "; name the tensors of the outputs, in the model's order, with --outputs"
_TRIED = COMPUTED.because(tried=0, outputs=())


@dataclasses.dataclass(frozen=True)
class Settlement:
    """What computing made of a plan's ambiguities.

    Attributes:
      plan: the plan, with what was settled as fills.
      why: why nothing was settled; "" where something was, or nothing was open.
    """

    plan: Plan
    why: str = ""


def settle(
    plan: Plan,
    model: Any,
    checkpoint: Checkpoint,
    *,
    options: GraphOptions | None = None,
    tolerance: float = 1e-5,
) -> Settlement:
    """Returns a plan whose ambiguities are settled, where they are all that keeps it incomplete.

    Every assignment that the ambiguities leave open is tried, if they are at most 24, or else those
    by which layers that differ in their numbers are filled alike: the model is run with it beside
    the v1 graph, with every source changed at random, since values as they are may be alike. Where
    these are too many, up to 64 scopes and layers that hold the same are changed one by one. An
    assignment is taken only if the outputs agree with it alone, and depend on all of it; of several
    that agree, which are symmetric, none is.

    Args:
      plan: a plan.
      model: the built Keras model, or its index; its weights may be without values.
      checkpoint: the open checkpoint.
      options: what the graph doesn't show.
      tolerance: largest difference of an output, relative to its largest expected value.

    Raises:
      UsageError: there is no graph, its inputs can't be told, or it can't be run.
    """
    if plan.complete or plan.unfilled or plan.unexplained:
        return Settlement(plan)
    index = index_model(model)
    tried = open_assignments(plan, index, checkpoint, most=_MOST)
    units = None if tried.each else open_units(plan, index, checkpoint, most=_MANY)
    if not tried.each and units is None:
        return Settlement(plan, f"they leave open more than {_MOST} assignments, or none that fits")
    whole = computing(graph_beside(checkpoint), plan)
    given = Given(whole, index, options or GraphOptions())
    if doubtful := given.doubtful:
        return Settlement(
            plan,
            f"several inputs of the v1 graph could be {', '.join(doubtful)} of the model; name "
            "them, in the model's order",
        )
    trial = _Trial(plan, index, checkpoint, given, tolerance)
    edges = () if given.options.outputs else frontiers(plan, index)
    why = ""
    for layers in ((), *(edge.layers for edge in edges)):
        try:
            some = dataclasses.replace(trial, layers=layers)
            found = some.settle(tried) if units is None else some.settle_units(units)
        except UsageError as error:  # nothing of the graph has the shapes of a new head
            if not edges:
                raise
            found = str(error)
        if isinstance(found, Plan):
            graph = checkpoint.graph_path
            return Settlement(with_training_again(found, checkpoint, index, graph=graph))
        why = found
    return Settlement(plan, why)


@dataclasses.dataclass(frozen=True)
class _Trial:
    plan: Plan
    index: ModelIndex
    checkpoint: Checkpoint
    given: Given
    tolerance: float
    layers: Sequence[str] = ()

    def settle(self, tried: OpenAssignments) -> Plan | str:
        """Returns the plan with the one assignment that agrees, or why there is no such."""
        feeds = self.given.arrays()
        inputs = self.given.model_inputs(feeds)
        shapes = [y.shape for y in self._computed(tried.each[0], inputs)]
        tensors = self._tensors(feeds, shapes=shapes, tried=tried.each[0])
        agreeing = []
        for number, assignment in enumerate(tried.each):
            tell_step("assignments tried", number, len(tried.each))
            equal = self._equal(self._computed(assignment, inputs), tensors)
            if all(equal):
                agreeing.append((assignment, [names[-1] for names in equal]))
        if len(agreeing) != 1:
            count = len(tried.each)
            several = len(agreeing) > 1 and len(shapes) > 1 and not self.given.options.outputs
            said = f"of {count} assignments, the outputs agree with {len(agreeing) or 'none'}"
            return said + _WHICH * several
        ((assignment, outputs),) = agreeing
        because = tried.kind.because(tried=tried.tried, outputs=tuple(outputs))
        settled = self._with(assignment, (because,))
        if partly := uncovered_sources(settled.fills, (), settled.sources):
            return f"it would leave a part of {partly[0].name} behind"
        unused = self._unused(settled, assignment, inputs=inputs, feeds=feeds, outputs=outputs)
        return f"the outputs don't depend on {', '.join(unused)}" if unused else settled

    def settle_units(self, units: Sequence[Units]) -> Plan | str:
        """Returns the plan with what scopes and layers that are changed one by one tell, or why."""
        feeds = self.given.arrays()
        inputs = self.given.model_inputs(feeds)
        some = {t: way for each in units for number in each for t, way in each.pair(number).items()}
        plan = self._with(some)
        shapes = [y.shape for y in self._computed(some, inputs)]
        graph = self._graph(feeds, shapes, plan)
        runs = Runs(lambda one, v: self._computed(one, inputs, v), graph, self._equal)
        sources = changed(source_values(plan, self.checkpoint))
        assignment = one_by_one(plan, units, sources, runs)
        count = sum(len(each.pairs) for each in units)
        if assignment is None:
            several = len(shapes) > 1 and not self.given.options.outputs
            said = f"of {count} scopes and layers, changed one by one, not all are told apart"
            return said + _WHICH * several
        return self.settle(OpenAssignments([assignment], ONE_BY_ONE, count))

    def _with(self, assignment: Assignment, because: tuple[Reason, ...] = (_TRIED,)) -> Plan:
        """Returns the plan, completed by an assignment."""
        common = {target: tie.common for tie in self.plan.ambiguities for target in tie.targets}
        place = {path: number for number, path in enumerate(self.plan.targets)}
        fills = [
            Fill(
                target,
                way.sources,
                str(layout_for(self.plan, way, target)),
                (*because, *way.because, *common[target]),
            )
            for target, way in assignment.items()
        ]
        in_order = sorted((*self.plan.fills, *fills), key=lambda fill: place[fill.target])
        return dataclasses.replace(self.plan, fills=tuple(in_order), ambiguities=())

    def _computed(
        self,
        assignment: Assignment,
        inputs: Mapping[str, np.ndarray],
        values: Mapping[str, np.ndarray] | None = None,
    ) -> Sequence[np.ndarray]:
        """Returns what the model computes with an assignment; with changed values by default."""
        weights = self._weights(self._with(assignment), values)
        return compute_outputs(self.index, inputs, weights, layers=self.layers)

    def _weights(
        self, plan: Plan, values: Mapping[str, np.ndarray] | None = None
    ) -> Mapping[str, np.ndarray]:
        sources = changed(source_values(plan, self.checkpoint)) if values is None else values
        return weight_values(plan, self.index, self.checkpoint, sources)

    def _tensors(
        self,
        feeds: Mapping[str, np.ndarray],
        *,
        shapes: Sequence[Sequence[int]],
        tried: Assignment,
    ) -> dict[str, np.ndarray]:
        """Returns the tensors of the graph that outputs may be, by name; any assignment will do."""
        plan = self._with(tried)
        return self._graph(feeds, shapes, plan)(changed(source_values(plan, self.checkpoint)), ())

    def _graph(
        self, feeds: Mapping[str, np.ndarray], shapes: Sequence[Sequence[int]], plan: Plan
    ) -> Callable[[Mapping[str, np.ndarray], Sequence[str]], dict[str, np.ndarray]]:
        """Returns what gives the tensors that outputs may be for values of sources; or some."""
        names = list(map(tensor_name, self.given.options.outputs))
        if not names:
            names = self.given.candidates(feeds)
            if names:
                names = self.given.reference(names, feeds).alike(shapes)
        if not names:
            raise UsageError(
                f"{self.given.graph.path}: expected tensors like the model's outputs, found none; "
                f"without a value: {self.given.lacking(feeds)}"
            )
        reference = self.given.reference(names, feeds)
        used = stand_ins(plan, self.checkpoint, reference.variables)

        def run(values: Mapping[str, np.ndarray], only: Sequence[str]) -> dict[str, np.ndarray]:
            held = variable_values(used, self.checkpoint, values)
            return reference.run_what_runs(feeds, held, only=only or names)

        return run

    def _equal(
        self, found: Sequence[np.ndarray], tensors: Mapping[str, np.ndarray]
    ) -> list[list[str]]:
        """Returns for each output the tensors that equal it, of those that it may be."""
        named = [[tensor_name(name)] for name in self.given.options.outputs]

        def same(name: str, output: np.ndarray) -> bool:
            tensor = tensors.get(name)
            if tensor is None or as_rows(tensor, output.shape).shape != output.shape:
                return False
            return output_difference(name, tensor, output).within(self.tolerance)

        return [
            [name for name in names if same(name, output)]
            for names, output in zip(named or [list(tensors)] * len(found), found, strict=False)
        ]

    def _unused(
        self,
        plan: Plan,
        assignment: Assignment,
        *,
        inputs: Mapping[str, np.ndarray],
        feeds: Mapping[str, np.ndarray],
        outputs: Sequence[str],
    ) -> list[str]:
        """Returns what of an assignment either side's outputs don't depend on: it is a guess."""
        weights = self._weights(plan)
        project = np.random.default_rng(0).normal
        _, found = compute_gradients(
            self.index, inputs, weights, lambda shape: project(size=shape), layers=self.layers
        )
        reference = self.given.reference(outputs, feeds)
        used = set(stand_ins(plan, self.checkpoint, reference.variables).values())
        unused = [target for target in assignment if not (target in found and found[target].norm)]
        sources = dict.fromkeys(s for way in assignment.values() for s in way.sources)
        return unused + [source for source in sources if source not in used]
