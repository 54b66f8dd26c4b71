"""What each input of a v1 graph is given: as the user says, as the graph shows, or made up."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.looked_up import table_sizes
from tf1compat.keras3.models.running import output_names
from tf1compat.migration.verification.reference.candidates import forward_tensors
from tf1compat.migration.verification.reference.channel_order import is_moved, turn, turned
from tf1compat.migration.verification.reference.feeds import (
    index_bounds,
    made_up,
    phases_of,
)
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.input_pairing import (
    concrete_shapes,
    customary_values,
    fits,
    pairings,
    require_each,
    shape_like,
)
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.migration.verification.reference.lengths import lengths_among, whole_lengths
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.migration.verification.reference.reference_parts import ReferenceParts
from tf1compat.migration.verification.reference.signatures import OutputSpec, Signature
from tf1compat.names.graph_names import op_name, tensor_name

__all__ = ["Given", "GraphOptions"]


@dataclasses.dataclass(frozen=True)
class GraphOptions:
    """What a user says of a graph; all of it may be left out where the graph shows it.

    Attributes:
      inputs: tensors that are given the model's inputs, in the model's order; or, by the names of
        the model's inputs, the tensor of each, or the value that it has where the v1 graph has no
        such input. What the signature calls a tensor does too.
      outputs: tensors that the model's outputs equal, in the model's order; the same.
      feeds: values of other tensors by name, such as whether the graph trains.
      arrays: values of `inputs` by tensor name; made up where there are none.
      allowed: op types to run beside those that are known to be harmless.
      signature: key of the graph's signature that says inputs and outputs where these aren't
        named; by default ``serving_default``, or the only one, as far as it fits the model.
    """

    inputs: Sequence[str] | Mapping[str, str | float] = ()
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
      pairings: the ways in which tensors may be the model's inputs; names tell of none but these.
      paired: the model's inputs by the names of the tensors that they are, in the model's order:
        one of the pairings.
      values: what inputs of the model are that the graph has none for, by their names.
      positive: whether values that are made up are all positive.
      larger: whether sizes that neither side says are larger ones.
    """

    def __init__(self, graph: GraphFile, index: ModelIndex, options: GraphOptions) -> None:
        signature = graph.signature(options.signature) or Signature({}, {})
        self.graph = graph
        self.options = options = _in_tensors(options, graph, signature)
        self.signed = {key: one.name for key, one in signature.outputs.items()}
        self.feeds = {
            **phases_of(graph.inputs),
            **{k: np.asarray(v) for k, v in options.feeds.items()},
        }
        self._model = index.model
        self._rows = table_sizes(index)
        self._inputs = list(getattr(index.model, "inputs", None) or ())
        self._called: Mapping[str, str] = {}
        self.values: Mapping[str, float] = {}
        self.positive = self.larger = False
        self._parts = ReferenceParts(graph, options.allowed)
        if options.inputs:
            self._take_named(options.inputs, _specs(graph, signature))
        elif not self._takes_signed(signature.inputs):
            self._take_placeholders([s for s in graph.inputs if s.name not in self.feeds])

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

    def _take_placeholders(self, specs: Sequence[InputSpec]) -> None:
        """Takes placeholders without a default, or where they aren't enough, any."""
        try:
            self._take([one for one in specs if not one.optional])
        except UsageError:
            if not any(one.optional for one in specs):
                raise
            self._take(specs)

    def _take(self, specs: Sequence[InputSpec]) -> None:
        self.specs = specs
        try:
            self.pairings = self._pairings(self._inputs)
        except UsageError:  # a graph that makes its masks itself has no placeholder for them
            self.values = customary_values(self._inputs)
            taken = [one for one in self._inputs if one.name not in self.values]
            if not self.values or not taken:
                raise
            self.pairings = self._pairings(taken)
        self.paired = self.pairings[0]

    def _pairings(self, inputs: Sequence[Any]) -> list[dict[str, Any]]:
        bounds = index_bounds(self.graph.graph_def, [spec.name for spec in self.specs])

        def may_be(spec: InputSpec, one: Any) -> bool:
            """Tells that they aren't looked up in tables of different sizes."""
            rows = bounds.get(spec.name), self._rows.get(one.name)
            return None in rows or rows[0] == rows[1]

        return pairings(inputs, self.specs, called=self._called, may_be=may_be)

    def _take_named(
        self, named: Sequence[str] | Mapping[str, str | float], specs: Sequence[InputSpec]
    ) -> None:
        """Takes what the user says that the model's inputs are."""
        if isinstance(named, Mapping):
            require_each(self._inputs, named)
            self.values = {key: one for key, one in named.items() if not isinstance(one, str)}
            tensors = {i.name: named[i.name] for i in self._inputs if i.name not in self.values}
            models = [one for one in self._inputs if one.name in tensors]
            names = list(map(str, tensors.values()))
        else:
            names, models = list(named), self._inputs or [None] * len(named)
        self.graph.require(names)
        if len(names) != len(models) or len(set(names)) < len(names):
            taken = ", ".join(str(one.name) for one in models)
            raise UsageError(
                f"expected a tensor of its own for each input of the model ({taken}), found "
                f"{', '.join(names)}"
            )
        known = {spec.name: spec for spec in specs}
        taken_by = dict(zip(names, models, strict=True))
        self.specs = [known.get(n) or _within(n, taken_by[n], self.graph.path) for n in names]
        self.pairings = [taken_by]
        self.paired = taken_by

    def each_pairing(self) -> Iterator[Given]:
        """Returns what is given by each pairing, this one's first."""
        return (self._with(paired=paired) for paired in self.pairings)

    def made_positive(self) -> Given:
        """Returns the same with positive values where they are made up."""
        return self._with(positive=True)

    def made_larger(self) -> Given:
        """Returns the same with larger inputs, where neither side says how large they are."""
        return self._with(larger=True)

    def _with(self, **changed: Any) -> Given:
        other = copy.copy(self)
        vars(other).update(changed)
        return other

    @property
    def doubtful(self) -> list[str]:
        """The model's inputs of which it was guessed which of the graph's they are."""
        if self.options.inputs or self._told_by_name:
            return []
        if not self._inputs:
            return ["what"] if len(self.specs) > 1 else []
        return [one.name for one in self._inputs if sum(fits(s, one) for s in self.specs) > 1]

    @property
    def _told_by_name(self) -> bool:
        """Whether all inputs of the model are called as in the graph, or as its signature does."""
        called = {(name, key) for key, name in self._called.items()}
        leaves = {(name, op_name(name).rpartition("/")[2]) for name in self.paired}
        return bool(self._inputs) and all(
            (name, one.name) in called | leaves for name, one in self.paired.items()
        )

    def notes(self) -> tuple[str, ...]:
        """Returns what is to be said of several inputs that are called otherwise in the graph."""
        several = len(self.paired) > 1 and not self._told_by_name
        moved = list(self._moved())
        moved += ["inputs that are made up are positive: others give NaN"] * self.positive
        moved += [f"{name} is the length of the whole sequences" for name in self._unpaired_lengths]
        if not self._inputs or self.options.inputs or not (several or self.values):
            return tuple(moved)
        pairs = [f"{one.name} is {name}" for name, one in self.paired.items()]
        told = ", ".join([*pairs, *(f"{name} is {one}" for name, one in self.values.items())])
        how = ", by their order" if len(self.pairings) > 1 else ""
        return (f"inputs: {told}{how}", *moved)

    def _moved(self) -> Iterator[str]:
        """Yields where channels or steps are, of each tensor and input that have them elsewhere."""
        specs = {spec.name: spec.shape for spec in self.specs}
        for name, one in self.paired.items():
            shape = specs.get(name)
            axes = None if shape is None or one is None else turn(shape, one.shape)
            if axes is not None and axes[:1] == (1,):
                yield f"{name} has steps before the batch, {one.name} behind it"
            elif axes is not None and is_moved(axes):
                first, last = (name, one.name) if axes[-1] == 1 else (one.name, name)
                yield f"channels are first in {first} and last in {last}"

    @property
    def _unpaired_lengths(self) -> list[str]:
        """The graph's lengths of sequences that are no inputs of the model: these are whole."""
        known = {*self.feeds, *self.paired, *self.options.arrays}
        return [one.name for one in self.graph.inputs if one.name in self._lengths - known]

    @functools.cached_property
    def _lengths(self) -> frozenset[str]:
        return lengths_among(self.graph.graph_def, self.graph.inputs)

    def said(self) -> str:
        """Returns how a user says that the inputs are paired so."""
        pairs = [f"{one.name}={name}" for name, one in self.paired.items()]
        return ",".join([*pairs, *(f"{name}={one}" for name, one in self.values.items())])

    def model_inputs(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns what the model is given, in its order.

        By the names of the graph's tensors; by its own where one has a value instead of a tensor.
        """
        fed = {name: _as_taken(feeds[name], one) for name, one in self.paired.items()}
        if not self.values:
            return fed
        own = {one.name: fed[name] for name, one in self.paired.items()}
        shapes = [array.shape for array in own.values()]
        return {
            one.name: own[one.name]
            if one.name in own
            else np.full(shape_like(one.shape, shapes), self.values[one.name], one.dtype)
            for one in self._inputs
        }

    @property
    def output_names(self) -> tuple[str, ...]:
        """What the model calls its outputs, in its order; () where it doesn't say."""
        return output_names(self._model)

    def signed_outputs(self) -> list[str]:
        """Returns the signature's outputs in the model's order, where they are called the same.

        Or where either side has but one; [] where it can't be told.
        """
        names = self.output_names
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
        whole, _ = self.graph.inference  # without its dropouts, so that their rates aren't needed
        return list(
            dict.fromkeys([*forward_tensors(whole, feeds, allowed=self.options.allowed), *signed])
        )

    def lacking(self, feeds: Container[str]) -> str:
        """Returns the names of the graph's inputs that have no value."""
        open_ = [s.name for s in self.graph.inputs if s.name not in feeds and not s.optional]
        return ", ".join(open_) or "none"

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns a value for every input that has one, by tensor name."""
        own = dict(self.options.arrays)
        missing = [s for s in self.specs if s.name in self.paired and s.name not in own]
        paired = {spec.name: self.paired[spec.name] for spec in missing}
        shapes = concrete_shapes(paired, missing, beside=self.graph.inputs, larger=self.larger)
        bounds = index_bounds(self.graph.graph_def, [spec.name for spec in missing])
        made = made_up(missing, shapes, bounds, positive=self.positive, lengths=self._lengths)
        if self._unpaired_lengths:  # no step is padded, or the model may mask it
            whole = {n: a for n, a in made.items() if a.ndim > 1 and a.dtype.kind in "iu"}
            made |= {name: np.maximum(array, 1) for name, array in whole.items()}
        data = {**made, **own}
        known = {**self._fed(data), **data}
        taken = {name: _as_taken(a, self.paired.get(name)) for name, a in data.items()}
        return {**whole_lengths(self._unpaired_lengths, taken), **known}

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Returns the shape of what each input is given, by tensor name."""
        return {name: array.shape for name, array in self.arrays().items()}

    def _fed(self, data: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns what the user feeds; one number for an array of the graph is all of that."""
        specs = {spec.name: spec for spec in self.graph.inputs}
        shapes = [array.shape for array in data.values()]

        def filled(name: str, value: np.ndarray) -> np.ndarray:
            shape = specs[name].shape if name in specs else None
            return value if value.ndim or not shape else np.full(shape_like(shape, shapes), value)

        return {name: filled(name, value) for name, value in self.feeds.items()}

    def reference(self, outputs: Sequence[str], feeds: Iterable[str]) -> ReferenceGraph:
        """Returns the part of the graph that computes `outputs`."""
        return self._parts.of(outputs, feeds)


def _as_taken(array: np.ndarray, one: Any) -> np.ndarray:
    """Returns what a tensor of the graph is given, as an input of the model takes it."""
    return array if one is None else turned(array, one.shape)


def _within(name: str, taken_by: Any, path: str) -> InputSpec:
    """Returns the spec of a tensor within the graph that is given an input of the model."""
    if taken_by is None:
        raise UsageError(f"{path}: expected an input of the graph, found {name}, which it computes")
    return InputSpec(name, str(taken_by.dtype), tuple(taken_by.shape), optional=False)


def _in_tensors(options: GraphOptions, graph: GraphFile, signature: Signature) -> GraphOptions:
    """Returns what a user says, by tensors where it was by what a signature calls them."""
    inputs, outputs = signature.inputs, signature.outputs

    def taken(name: str) -> str:
        return tensor_name(graph.tensor(name, inputs))

    return dataclasses.replace(
        options,
        inputs=_each(options.inputs, taken),
        outputs=[graph.tensor(name, outputs) for name in options.outputs],
        feeds={taken(name): value for name, value in options.feeds.items()},
        arrays={taken(name): value for name, value in options.arrays.items()},
    )


def _each(
    inputs: Sequence[str] | Mapping[str, str | float], taken: Callable[[str], str]
) -> Sequence[str] | Mapping[str, str | float]:
    if not isinstance(inputs, Mapping):
        return list(map(taken, inputs))
    return {key: taken(one) if isinstance(one, str) else one for key, one in inputs.items()}


def _specs(graph: GraphFile, signature: Signature) -> list[InputSpec]:
    """Returns the inputs of a graph, and what a signature takes that is none by itself."""
    signed = [_input_spec(graph, one) for one in signature.inputs.values()]
    return list({one.name: one for one in (*graph.inputs, *signed)}.values())


def _input_spec(graph: GraphFile, signed: OutputSpec) -> InputSpec:
    known = {spec.name: spec for spec in graph.inputs}
    spec = known.get(signed.name)
    return spec or InputSpec(signed.name, signed.dtype, signed.shape, optional=False)
