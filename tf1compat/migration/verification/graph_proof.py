"""Proof from the graph beside a checkpoint: its inputs and outputs found, made up or asked for."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import Checkpoint, Entry, open_checkpoint
from tf1compat.checkpoint.comparing import same_bits
from tf1compat.errors import UsageError
from tf1compat.keras3 import ModelIndex, index_model
from tf1compat.keras3.models.as_function import compute_layers, compute_outputs
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification._both_sides import (
    BothSides,
    NotANumberError,
    computing,
    source_values,
    stand_ins,
    variable_values,
    weight_values,
)
from tf1compat.migration.verification._changes import changed
from tf1compat.migration.verification._compared import Compared, is_called, nearest_tensors
from tf1compat.migration.verification._kept import Frontier, frontiers
from tf1compat.migration.verification._line_proof import prove_lines
from tf1compat.migration.verification._otherwise import exchanges, otherwise
from tf1compat.migration.verification.divergence import Divergence, diverging_pair
from tf1compat.migration.verification.given import Given, GraphOptions
from tf1compat.migration.verification.proof import Proof
from tf1compat.migration.verification.reference.beyond import ends_beyond
from tf1compat.migration.verification.reference.clips import unreached
from tf1compat.migration.verification.reference.graph_file import graph_beside, read_graph
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.names.graph_names import op_name, tensor_name
from tf1compat.stopping import SIGNALS, stoppable

__all__ = ["graph_outputs", "prove"]

_SHOWN = 3  # bounds that are named


@stoppable(SIGNALS[:1])  # once for all that is asked within
def prove(
    plan: Plan,
    model: Any,
    *,
    checkpoint: Checkpoint | None = None,
    graph: str | os.PathLike[str] | None = None,
    options: GraphOptions | None = None,
    tolerance: float = 1e-5,
) -> Proof:
    """Runs the v1 graph beside the model and returns which lines of the plan that proves.

    Both sides are run in inference mode with the checkpoint's values, and with every source changed
    at random; the model's own weights are neither used nor changed, but for those that the plan
    keeps. Where these change the outputs to what the v1 graph doesn't compute, outputs of the last
    layers before them are compared instead. Only ops of the graph that compute and do nothing else
    are run.

    Args:
      plan: a complete plan.
      model: the built Keras model, or its index; its weights may be without values.
      checkpoint: the open checkpoint; by default the one at the plan's prefix is opened.
      graph: the ``.meta`` file; by default the one beside the checkpoint.
      options: what the graph doesn't show.
      tolerance: largest difference of an output, relative to its largest expected value.

    Raises:
      PlanError: the plan isn't complete.
      UsageError: there is no graph, its inputs or outputs can't be told, or it can't be run; the
        message says what to name.
    """
    plan.require_complete()
    index = index_model(model)
    entries = open_checkpoint(plan.checkpoint) if checkpoint is None else checkpoint
    whole = graph_beside(entries) if graph is None else read_graph(graph)
    given = Given(computing(whole, plan), index, options or GraphOptions())
    proof_from = functools.partial(_proof, plan, index, entries, tolerance=tolerance)
    try:
        return proof_from(given)
    except NotANumberError:
        if given.options.arrays:
            raise
        return proof_from(given.made_positive())
    except UsageError:  # a few pixels are none behind pools without padding
        if (larger := given.made_larger()).sizes() == given.sizes():
            raise
        try:
            return proof_from(larger)
        except UsageError:  # of both, the first tells what is wrong with any size
            pass
        raise


def graph_outputs(
    plan: Plan,
    index: ModelIndex,
    *,
    checkpoint: Checkpoint,
    options: GraphOptions | None = None,
    inputs: Mapping[str, np.ndarray] | None = None,
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Returns what the model is given, in its order, and the graph's tensor for each output of it.

    Arguments and errors are as for :func:`prove`; `inputs` are the model's, in its order.
    """
    whole = computing(graph_beside(checkpoint), plan)
    given = Given(whole, index, options or GraphOptions())
    if inputs is not None:
        arrays = dict(zip(given.paired, inputs.values(), strict=False))
        known = dataclasses.replace(given.options, arrays=arrays)
        given = Given(given.graph, index, known)
    sides = _Sides(plan, index, checkpoint, given, 1e-5)
    both = sides._both()
    run = both.reference.run(
        both.inputs,
        variable_values(both.stand_ins, checkpoint, both.sources()),
        only=both.outputs,
    )
    return dict(both.model_inputs), [run[name] for name in both.outputs]


def _proof(
    plan: Plan,
    index: ModelIndex,
    entries: Mapping[str, Entry],
    given: Given,
    tolerance: float,
) -> Proof:
    sides, *others = [_Sides(plan, index, entries, one, tolerance) for one in given.each_pairing()]
    edges = () if sides.given.options.outputs else frontiers(plan, index)
    proof = _around_kept(sides, edges) if edges else sides.prove()
    if proof.agrees:
        return proof
    filled = (
        (words, _Sides(exchanged, index, entries, given, tolerance))
        for words, exchanged in (() if edges else exchanges(plan, index, proof))
    )
    return otherwise(proof, others, filled)


def _around_kept(sides: _Sides, edges: Sequence[Frontier]) -> Proof:
    """Returns the proof by the model's outputs, or by what no kept weight changes.

    A kept weight may well be what the v1 graph has none of because it changes nothing: a bias of
    zeros, a scale of ones. Else those outputs are compared that it doesn't change, or the outputs
    of the last layers before kept weights.
    """
    free = sides.unchanged_by_kept()
    ways: list[tuple[Frontier | None, Mapping[str, Any]]] = [(None, {})]
    ways += [(edges[0], {"only": free})] if free else []
    ways += [(edge, {"layers": edge.layers}) for edge in edges]
    failed: UsageError | None = None
    found: list[tuple[Proof, Frontier | None]] = []
    for edge, compared in ways:
        try:
            found.append((sides.prove(**compared), edge))
        except UsageError as error:  # nothing of the graph has the shapes of a new head
            failed = error
            continue
        if found[-1][0].agrees or "only" in compared:  # whole outputs, and they differ
            break
    if failed is not None and not found:
        raise failed
    proof, last = found[-1]
    reasons = last.reasons() if last else {}
    return dataclasses.replace(
        proof,
        reasons={**proof.reasons, **{p: reasons[p] for p in proof.lines if p in reasons}},
    )


class _Sides:
    """Both sides, before it is known what of them is compared."""

    def __init__(
        self,
        plan: Plan,
        index: ModelIndex,
        checkpoint: Mapping[str, Entry],
        given: Given,
        tolerance: float,
    ) -> None:
        self.plan = plan
        self.index = index
        self.checkpoint = checkpoint
        self.given = given
        self.tolerance = tolerance
        self.feeds = given.arrays()
        self.model_inputs = given.model_inputs(self.feeds)

    @functools.cached_property
    def _resized(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]] | None:
        """What graph and model are given at other sizes; None where all sizes are known."""
        larger = self.given.made_larger()
        if larger.sizes() == self.given.sizes():
            return None
        feeds = larger.arrays()
        return feeds, larger.model_inputs(feeds)

    def prove(self, *, layers: Sequence[str] = (), only: Sequence[int] = ()) -> Proof:
        """Returns the proof by the model's outputs, by some of them, or by those of some layers."""
        both = self._both(layers, only)
        proof = prove_lines(both, tolerance=self._allowed(both.reference))
        told = tuple(self._paired(both, self._names(layers, only)))
        if proof.tolerance > self.tolerance:
            half = (
                f"the graph computes in half precision: outputs may differ by {proof.tolerance:g}"
            )
            told = (*told, half)
        notes = (*self.given.notes(), *told, *self._beyond(both), *proof.notes)
        if proof.agrees:
            notes = (*notes, *self._unclipped(both))
        proof = dataclasses.replace(
            proof, notes=notes, layers=tuple(layers), inputs=tuple(self.given.paired)
        )
        return proof if proof.agrees else dataclasses.replace(proof, divergence=self._apart(proof))

    def _allowed(self, reference: ReferenceGraph) -> float:
        """Returns how far outputs may be apart: what the graph itself rounds is no difference."""
        return max(self.tolerance, reference.rounding)

    def _paired(self, both: BothSides, names: Sequence[str]) -> Iterator[str]:
        """Yields which tensor each of several outputs was compared with, unless names tell."""
        pairs = list(zip(names, both.outputs, strict=False))
        if len(pairs) > 1 and not all(is_called(tensor, [name]) for name, tensor in pairs):
            yield "outputs: " + ", ".join(f"{name} is {tensor}" for name, tensor in pairs)

    def _beyond(self, both: BothSides) -> Iterator[str]:
        """Yields what is to be said of outputs that nobody named: the graph may not end there."""
        options = self.given.options
        if options.outputs or options.signature:
            return
        ends = ends_beyond(self.given.graph.graph_def, self.feeds, both.outputs)
        if not ends:
            return
        try:
            names = self.given.reference(list(map(tensor_name, ends)), self.feeds).floating()
        except UsageError:  # it isn't run, and may have ops that can't be
            names = list(map(tensor_name, ends))
        if names:
            yield (
                f"compared with {', '.join(both.outputs)}, from which the v1 graph goes on to "
                f"{', '.join(names)}; name these with --outputs if the model is to compute them"
            )

    def _unclipped(self, both: BothSides) -> Iterator[str]:
        """Yields what is to be said of bounds that the graph clips at and that nothing reached."""
        clips = both.reference.clips
        names = list(dict.fromkeys(n for clip in clips for n in (clip.output, clip.clipped)))
        try:
            tensors = self._computed(names) if names else {}
        except UsageError:  # within a loop nothing can be fetched
            return
        left = unreached(clips, tensors)
        for clip in left[:_SHOWN]:
            bounds = " and ".join(f"{bound:g}" for bound in clip.bounds)
            yield (
                f"{op_name(clip.output)} of the v1 graph clips at {bounds}, which nothing reached: "
                "whether the model does, too, isn't told"
            )

    def agrees(self) -> bool:
        """Tells whether the outputs agree with the checkpoint's values."""
        try:
            both = self._both()
            found = both.at_rest().differences
        except UsageError:
            return False
        return all(one.within(self._allowed(both.reference)) for one in found)

    def unchanged_by_kept(self) -> tuple[int, ...]:
        """Returns the numbers of the outputs that kept weights don't change, if others do."""
        kept = {keep.target for keep in self.plan.keeps if self.index[keep.target].kind == "weight"}
        plain = weight_values(self.plan, self.index, self.checkpoint)
        first, second = (
            compute_outputs(self.index, self.model_inputs, weights)
            for weights in (plain, changed(plain, kept))
        )
        equal = [n for n, (a, b) in enumerate(zip(first, second, strict=True)) if same_bits(a, b)]
        return tuple(equal) if len(equal) < len(first) else ()

    def _both(self, layers: Sequence[str] = (), only: Sequence[int] = ()) -> BothSides:
        named = list(self.given.options.outputs)
        known = Compared(named) if named else self._compared(layers, only)
        both = BothSides(
            self.plan,
            self.index,
            self.given.reference(known.names, self.feeds),
            self.checkpoint,
            self.feeds,
            self.model_inputs,
            known.names,
            layers,
            only,
            computed=known.found,
            tensors=known.tensors,
        )
        if self._resized is None:
            return both
        feeds, inputs = self._resized
        resized = dataclasses.replace(
            both, inputs=feeds, model_inputs=inputs, computed=(), tensors={}
        )
        return dataclasses.replace(both, resized=resized)

    def _apart(self, proof: Proof) -> Divergence | None:
        """Returns the first layer that differs, with the values with which the outputs do."""
        at_rest = all(one.within(proof.tolerance) for one in proof.outputs)
        sources = source_values(self.plan, self.checkpoint)
        values = changed(sources) if at_rest else sources
        weights = weight_values(self.plan, self.index, self.checkpoint, values)
        return diverging_pair(
            self.plan,
            self.index,
            self.given.graph,
            checkpoint=self.checkpoint,
            inputs=self.feeds,
            layers=compute_layers(self.index, self.model_inputs, weights),
            tolerance=proof.tolerance,
            sources=values,
        )

    def _compared(self, layers: Sequence[str], only: Sequence[int]) -> Compared:
        """Returns the tensor of the graph that each output of the model, or of layers, should be.

        What the signature gives, where that was asked for or agrees; else what is nearest.
        """
        signed = [] if layers else self.given.signed_outputs()
        signed = [signed[number] for number in only] if signed and only else signed
        if signed and self.given.options.signature:
            return Compared(signed)
        weights = weight_values(self.plan, self.index, self.checkpoint)
        found = compute_outputs(self.index, self.model_inputs, weights, layers=layers, only=only)
        if len(signed) > 1:  # called the same on both sides
            return Compared(signed, found)
        names = self._names(layers, only)
        own = list(self.given.signed.values())
        if own and not layers and (near := self._agreeing(found, own, names)):
            return near
        return self._alike(found, self.given.candidates(self.feeds), names)

    def _names(self, layers: Sequence[str], only: Sequence[int]) -> Sequence[str]:
        """Returns what is compared by the names that the model has for it; () where it has none."""
        if layers:
            return [path.rpartition("/")[2] for path in layers]
        names = self.given.output_names
        return [names[number] for number in only if number < len(names)] if only else names

    def _agreeing(
        self, found: Sequence[np.ndarray], tensors: Sequence[str], names: Sequence[str]
    ) -> Compared | None:
        """Returns those of some tensors that outputs of the model are; None where one is none."""
        try:
            near = self._alike(found, tensors, names)
        except UsageError:
            return None
        reference = self.given.reference(near.names, self.feeds)
        return near if near.agree(self._allowed(reference)) else None

    def _alike(
        self, found: Sequence[np.ndarray], among: Sequence[str], called: Sequence[str]
    ) -> Compared:
        """Returns, for each output of the model, the tensor that is nearest to it.

        Args:
          found: the outputs.
          among: the tensors that may be.
          called: names of the outputs: no tensor that has the name of another output is taken.
        """
        graph = self.given.graph
        names: Sequence[str] = ()
        if among:
            names = self.given.reference(among, self.feeds).alike(y.shape for y in found)
        if not names:
            shapes = ", ".join(str(list(y.shape)) for y in found)
            raise UsageError(
                f"{graph.path}: expected tensors like the model's outputs, {shapes}, found none "
                f"that inputs with a value lead to; without one: {self.given.lacking(self.feeds)}; "
                "feed these, or name the graph's inputs and outputs, in the model's order"
            )
        tensors = self._computed(names)
        return nearest_tensors(found, tensors, called)

    def _computed(self, names: Sequence[str]) -> Mapping[str, np.ndarray]:
        reference = self.given.reference(names, self.feeds)
        used = stand_ins(self.plan, self.checkpoint, reference.variables)
        values = variable_values(used, self.checkpoint)
        return reference.run_what_runs(self.feeds, values, only=names)
