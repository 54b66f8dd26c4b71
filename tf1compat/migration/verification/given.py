"""What each input of a v1 graph is given: as the user says, as the graph shows, or made up."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.verification.reference.candidates import forward_ops
from tf1compat.migration.verification.reference.feeds import index_bounds, made_up, phase_of
from tf1compat.migration.verification.reference.graph import ReferenceGraph
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.input_pairing import (
    concrete_shapes,
    doubtful_inputs,
    pair_inputs,
)
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.migration.verification.reference.signatures import OutputSpec, Signature
from tf1compat.names.graph_names import op_name, tensor_name

__all__ = ["Given", "GraphOptions", "recorded_feeds"]


@dataclasses.dataclass(frozen=True)
class GraphOptions:
    """What a user says of a graph; all of it may be left out where the graph shows it.

    Attributes:
      inputs: tensors that are given the model's inputs, in the model's order; what the signature
        calls them does too.
      outputs: tensors that the model's outputs equal, in the model's order; the same.
      feeds: values of other tensors by name, such as whether the graph trains.
      arrays: values of `inputs` by tensor name; made up where there are none.
      allowed: op types to run beside those that are known to be harmless.
      signature: key of the graph's signature that says inputs and outputs where these aren't
        named; by default ``serving_default``, or the only one, as far as it fits the model.
    """

    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    feeds: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    allowed: Iterable[str] = ()
    signature: str = ""


class Given:
    """What each input of the graph is given.

    Attributes:
      graph: the graph.
      options: what the user said, with names of tensors for what the signature calls them.
      signed: tensors that the signature names as outputs, by what it calls them.
      feeds: values of what isn't an input of the model, by tensor name.
      paired: the model's inputs by the names of the tensors that they are, in the model's order.
    """

    def __init__(self, graph: GraphFile, index: ModelIndex, options: GraphOptions) -> None:
        signature = graph.signature(options.signature) or Signature({}, {})
        self.graph = graph
        self.options = options = _in_tensors(options, graph, signature)
        self.signed = {key: one.name for key, one in signature.outputs.items()}
        self.feeds = {**_phases(graph), **{k: np.asarray(v) for k, v in options.feeds.items()}}
        self._model = index.model
        self._called: Mapping[str, str] = {}
        if options.inputs:
            self._take([s for n in options.inputs for s in _specs(graph, signature) if s.name == n])
        elif not self._takes_signed(signature.inputs):
            self._take([s for s in graph.inputs if s.name not in self.feeds and not s.optional])

    def _takes_signed(self, inputs: Mapping[str, OutputSpec]) -> bool:
        """Takes a signature's inputs for the model's; tells whether they could be."""
        every = {key: one for key, one in inputs.items() if one.name not in self.feeds}
        if not every:
            return False
        self._called = {key: one.name for key, one in every.items()}
        try:
            named = {one.name: one for one in every.values()}  # a tensor may have two names
            self._take([_input_spec(self.graph, one) for one in named.values()])
        except UsageError:  # it takes what isn't the model's, such as examples to be parsed
            if self.options.signature:
                raise
            self._called = {}
            return False
        return True

    def _take(self, specs: Sequence[InputSpec]) -> None:
        self.specs = specs
        self.paired = pair_inputs(
            self._model, specs, in_order=bool(self.options.inputs), called=self._called
        )

    @property
    def doubtful(self) -> list[str]:
        """The model's inputs of which it was guessed which of the graph's they are."""
        in_order = bool(self.options.inputs)
        return doubtful_inputs(self._model, self.specs, in_order=in_order, called=self._called)

    def signed_outputs(self) -> list[str]:
        """Returns the signature's outputs in the model's order, where they are called the same.

        Or where either side has but one; [] where it can't be told.
        """
        names = [str(one) for one in getattr(self._model, "output_names", None) or ()]
        if names and all(name in self.signed for name in names):
            return [self.signed[name] for name in names]
        return list(self.signed.values()) if len(names) == len(self.signed) == 1 else []

    def candidates(self, feeds: Iterable[str]) -> list[str]:
        """Returns the tensors that may be outputs, of those that the inputs `feeds` lead to.

        Of a signature that was asked for, what it gives; else it comes last, and first what the
        graph computes: an op that calls a function may have several outputs.
        """
        signed = list(self.signed.values())
        if self.options.signature and signed:
            return signed
        ops = forward_ops(self.graph.graph_def, feeds)
        return list(dict.fromkeys([*map(tensor_name, ops), *signed]))

    def lacking(self, feeds: Container[str]) -> str:
        """Returns the names of the graph's inputs that have no value."""
        open_ = [s.name for s in self.graph.inputs if s.name not in feeds and not s.optional]
        return ", ".join(open_) or "none"

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns a value for every input that has one, by tensor name."""
        own = dict(self.options.arrays)
        missing = [s for s in self.specs if s.name in self.paired and s.name not in own]
        shapes = concrete_shapes({spec.name: self.paired[spec.name] for spec in missing}, missing)
        bounds = index_bounds(self.graph.graph_def, [spec.name for spec in missing])
        return {**self.feeds, **made_up(missing, shapes, bounds), **own}

    def reference(self, outputs: Sequence[str], feeds: Iterable[str]) -> ReferenceGraph:
        """Returns the part of the graph that computes `outputs`."""
        return ReferenceGraph(self.graph, outputs, fed=feeds, allowed=self.options.allowed)


def _phases(graph: GraphFile) -> dict[str, np.ndarray]:
    found = {spec.name: phase_of(spec) for spec in graph.inputs}
    return {name: value for name, value in found.items() if value is not None}


def _in_tensors(options: GraphOptions, graph: GraphFile, signature: Signature) -> GraphOptions:
    """Returns what a user says, by tensors where it was by what a signature calls them."""
    inputs, outputs = signature.inputs, signature.outputs

    def taken(name: str) -> str:
        return tensor_name(graph.tensor(name, inputs))

    return dataclasses.replace(
        options,
        inputs=list(map(taken, options.inputs)),
        outputs=[graph.tensor(name, outputs) for name in options.outputs],
        feeds={taken(name): value for name, value in options.feeds.items()},
        arrays={taken(name): value for name, value in options.arrays.items()},
    )


def _specs(graph: GraphFile, signature: Signature) -> list[InputSpec]:
    """Returns the inputs of a graph, and what a signature takes that is none by itself."""
    signed = [_input_spec(graph, one) for one in signature.inputs.values()]
    return list({one.name: one for one in (*graph.inputs, *signed)}.values())


def _input_spec(graph: GraphFile, signed: OutputSpec) -> InputSpec:
    known = {spec.name: spec for spec in graph.inputs}
    spec = known.get(signed.name)
    return spec or InputSpec(signed.name, signed.dtype, signed.shape, optional=False)


def recorded_feeds(
    graph: GraphFile, index: ModelIndex, recorded: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns what the graph is given for recorded inputs of the model, by tensor name.

    Recorded inputs go by the names of tensors where the graph has them all, or by what its
    signature calls them; else they are the model's, by their names or in its order.

    Raises:
      UsageError: there aren't as many inputs of the graph that fit.
    """
    signature = graph.signature() or Signature({}, {})
    named = {
        tensor_name(graph.tensor(name, signature.inputs)): value for name, value in recorded.items()
    }
    ops = {node.name for node in graph.graph_def.node}
    if all(op_name(name) in ops for name in named):
        return {**_phases(graph), **named}
    given = Given(graph, index, GraphOptions())
    if len(given.paired) != len(recorded):
        raise UsageError(
            f"{graph.path}: expected {len(recorded)} inputs, as were recorded, found "
            f"{', '.join(given.paired) or 'none'}"
        )
    names = [getattr(one, "name", None) for one in given.paired.values()]
    by_name = set(names) == set(recorded)
    values = [recorded[str(n)] for n in names] if by_name else list(recorded.values())
    return {**given.feeds, **dict(zip(given.paired, values, strict=True))}
