"""What a graph is served by: tensors that are given values, and those that are computed of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tf1compat.errors import UsageError
from tf1compat.migration.verification.given import GraphOptions
from tf1compat.migration.verification.reference.cutting import cut_graph, data_inputs
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.likely_ends import aside_of
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.migration.verification.reference.signatures import OutputSpec, Signature
from tf1compat.migration.verification.reference.summary import summarize_graph
from tf1compat.names.graph_names import op_name, tensor_name
from tf1compat.names.op_types import changes_variables

__all__ = ["Service", "find_service"]

_OF_THIS_PROCESS = frozenset(("PyFunc", "PyFuncStateless", "EagerPyFunc"))
_NAME_THEM = "name others with inputs and outputs"


@dataclasses.dataclass(frozen=True)
class Service:
    """What a graph serves.

    Attributes:
      signature: tensors by what clients call them.
      part: a ``GraphDef`` of the ops that its outputs are computed of.
      variables: those that it needs, by the names that a checkpoint has them under.
      how: where inputs and outputs are known from, in words.
      others: tensors that were likely outputs too, and weren't taken.
    """

    signature: Signature
    part: Any
    variables: tuple[str, ...]
    how: str
    others: tuple[str, ...] = ()


def find_service(graph: GraphFile, options: GraphOptions, defaults: Iterable[str]) -> Service:
    """Returns what a graph serves, as the user says or else by what it likely gives.

    Args:
      graph: the graph.
      options: its `inputs` and `outputs` are those to serve; by default what outputs need, and what
        the graph's computing ends in.
      defaults: names of inputs that have a value of their own when it serves.

    Raises:
      UsageError: it has no such tensors, or none that could be served; or its outputs need inputs
        that aren't named, or ops that change variables or call Python.
    """
    search = _Search(graph, options, frozenset(defaults))
    if options.outputs:
        return search.of(list(map(tensor_name, options.outputs)), "as they were named or compared")
    taken, others = search.likely_outputs()
    return dataclasses.replace(search.of(taken, f"likely ones: {_NAME_THEM}"), others=tuple(others))


class _Search:
    def __init__(self, graph: GraphFile, options: GraphOptions, defaults: frozenset[str]) -> None:
        self._graph = graph
        self._named = _named(options)
        self._defaults = defaults
        self._optional = {one.name for one in graph.inputs if one.optional}
        self._fed = dict.fromkeys([*self._named.values(), *(one.name for one in graph.inputs)])
        ops = {node.op for node in graph.graph_def.node}
        harmless = {op for op in ops - _OF_THIS_PROCESS if not changes_variables(op)}
        self._allowed = harmless | set(options.allowed)

    def of(self, outputs: Sequence[str], how: str) -> Service:
        """Returns what is served by these outputs."""
        self._graph.require([*self._named.values(), *outputs])
        part = self._part(outputs)
        inputs = self._inputs(self._needed(part, outputs))
        reference = ReferenceGraph(
            self._graph, [*outputs, *inputs.values()], fed=self._fed, allowed=self._allowed
        )

        def described(names: Mapping[str, str]) -> dict[str, OutputSpec]:
            return {key: OutputSpec(n, *reference.described(n)) for key, n in names.items()}

        signature = Signature(described(inputs), described(_called(outputs)))
        return Service(signature, part, reference.variables, how)

    def likely_outputs(self) -> tuple[list[str], list[str]]:
        """Returns what the graph's computing ends in, but for losses; and what else may be meant.

        Losses are numbers, or need more than other outputs do: labels. What else may be meant is
        left over on the way, such as states of loops.
        """
        every = [one.name for one in summarize_graph(self._graph).outputs if _is_array(one)]
        whole, _ = self._graph.inference
        aside = set(map(tensor_name, aside_of(whole, map(op_name, every))))
        ends = [name for name in every if name not in aside]
        needs = {name: self._required(name) for name in ends}
        found = [n for n in ends if needs[n] and not any(o < needs[n] for o in needs.values() if o)]
        if not found:
            raise UsageError(f"{self._graph.path}: it shows no likely outputs; {_NAME_THEM}")
        return found, [name for name in every if name in aside and self._required(name)]

    def _required(self, output: str) -> frozenset[str]:
        """Returns the inputs without which an output can't be computed; none if it can't be."""
        try:
            return frozenset(self._without_own(self._needed(self._part([output]), [output])))
        except UsageError:
            return frozenset()

    def _part(self, outputs: Sequence[str]) -> Any:
        whole, _ = self._graph.inference
        return cut_graph(whole, outputs=outputs, fed=self._fed, allowed=self._allowed)

    def _needed(self, part: Any, outputs: Iterable[str]) -> list[str]:
        """Returns the tensors that have to be given, of those that may be."""
        kept = {node.name for node in part.node}
        whole, _ = self._graph.inference
        read = set(outputs)
        for node in whole.node:
            if node.name in kept and f"{node.name}:0" not in self._fed:
                read.update(map(tensor_name, data_inputs(node)))
        return [name for name in self._fed if name in read]

    def _without_own(self, needed: Iterable[str]) -> list[str]:
        return [n for n in needed if n not in self._defaults and n not in self._optional]

    def _inputs(self, needed: Sequence[str]) -> dict[str, str]:
        """Returns the inputs by what clients call them."""
        required = self._without_own(needed)
        if self._named:
            lacking = [name for name in required if name not in self._named.values()]
            if lacking:
                raise UsageError(
                    f"{self._graph.path}: expected inputs that all outputs are computed of, found "
                    f"that they need {', '.join(lacking)} as well; {_NAME_THEM}, or feed a value"
                )
            return self._named
        inputs = required or [name for name in needed if name not in self._defaults]
        if not inputs:
            raise UsageError(f"{self._graph.path}: no input leads to its outputs; {_NAME_THEM}")
        return _called(inputs)


def _named(options: GraphOptions) -> dict[str, str]:
    """Returns the inputs that the user named, by what clients call them."""
    if isinstance(options.inputs, Mapping):
        return {k: tensor_name(one) for k, one in options.inputs.items() if isinstance(one, str)}
    return _called(list(map(tensor_name, options.inputs)))


def _called(tensors: Sequence[str]) -> dict[str, str]:
    """Returns tensors by names that do for an argument of Python, if they are still different."""

    def plain(tensor: str) -> str:
        port = tensor.partition(":")[2]
        return op_name(tensor).replace("/", "_") + (f"_{port}" if port != "0" else "")

    found = {plain(one): one for one in tensors}
    return found if len(found) == len(set(tensors)) else {one: one for one in tensors}


def _is_array(one: OutputSpec) -> bool:
    return bool(one.dtype) and one.shape != ()
