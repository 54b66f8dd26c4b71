"""The part of a v1 graph that some outputs need, and nothing of the rest.

A training graph holds savers, gradients, optimizers, input pipelines and summaries, often with ops
that today's TensorFlow doesn't have. What outputs are computed from is a small part of it, and that
part alone is imported and run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference._protos import parsed_types
from tf1compat.migration.verification.reference.safe_ops import (
    CONTROL_FLOW_OPS,
    INPUT_OPS,
    PARSING_OPS,
    SAFE_OPS,
)
from tf1compat.names.graph_names import op_name

__all__ = ["cut_graph", "data_inputs"]

_WITHOUT_INPUTS = INPUT_OPS - {"PlaceholderWithDefault"}
_TYPES = ("dtype", "out_type", "output_type", "DstT", "T")  # attributes that say an output's dtype
_DEEPEST = 100  # levels of functions: what runs a graph goes down with them

_UNFILLED = (
    "; its tables are filled by an initializer, which isn't run: name what is looked up as an input"
)


def data_inputs(node: Any) -> list[str]:
    """Returns the inputs of a ``NodeDef`` but for those that only order."""
    return [one for one in node.input if not one.startswith("^")]


def cut_graph(
    whole: Any, *, outputs: Iterable[str], fed: Iterable[str] = (), allowed: Iterable[str] = ()
) -> Any:
    """Returns a GraphDef of the ops that `outputs` are computed from.

    Inputs that are `fed` become placeholders, so that nothing before them is needed. Control
    inputs are left out, since they order side effects and there are none; but for those by which
    an op belongs to a loop or a branch.

    Args:
      whole: a ``GraphDef``, which isn't changed.
      outputs: names of tensors or ops.
      fed: names of tensors or ops whose values will be given.
      allowed: op types to run beside :data:`SAFE_OPS`.

    Raises:
      UsageError: an output or input isn't there, or ops are needed that aren't known to be
        harmless; all of them are named.
    """
    graph = _Whole(whole, frozenset(map(op_name, fed)), SAFE_OPS | frozenset(allowed))
    kept = graph.needed(list(map(op_name, outputs)))
    graph.require_harmless(kept)
    part = type(whole)()
    part.versions.CopyFrom(whole.versions)
    part.library.CopyFrom(whole.library)
    for node in whole.node:
        if node.name in kept:
            _add(part, node, kept[node.name], is_input=node.name in graph.fed)
    return part


class _Whole:
    """The whole graph, and which parts of it are harmless."""

    def __init__(self, whole: Any, fed: frozenset[str], safe: frozenset[str]) -> None:
        self.nodes = {node.name: node for node in whole.node}
        self.functions = {one.signature.name: one for one in whole.library.function}
        self.fed = fed
        self._safe = safe
        self._pins: dict[str, bool] = {}
        self._called: dict[str, list[str]] = {}
        missing = [name for name in fed if name not in self.nodes]
        if missing:
            raise UsageError(f"the v1 graph has no op {', '.join(sorted(missing))}")

    def needed(self, outputs: Iterable[str]) -> dict[str, list[str]]:
        """Returns the ops that `outputs` need, each with the inputs that are kept of it."""
        kept: dict[str, list[str]] = {}
        waiting = list(outputs)
        while waiting:
            name = waiting.pop()
            if name in kept:
                continue
            kept[name] = self._inputs(name)
            waiting.extend(map(op_name, kept[name]))
        return kept

    def _inputs(self, name: str) -> list[str]:
        if name in self.fed:
            return []
        if name not in self.nodes:
            raise UsageError(f"the v1 graph has no op {name}")
        return [i for i in self.nodes[name].input if not i.startswith("^") or self._pinning(i)]

    def _pinning(self, control: str) -> bool:
        """Tells whether a control input puts an op into a loop or a branch, and harms nothing."""
        start = op_name(control)
        if start not in self._pins:
            reached, waiting = set(), [start]
            while waiting:
                name = waiting.pop()
                if name not in reached and name not in self.fed:
                    reached.add(name)
                    waiting.extend(map(op_name, self.nodes[name].input))
            ops = {self.nodes[name].op for name in reached}
            self._pins[start] = bool(ops & CONTROL_FLOW_OPS) and ops <= self._safe
        return self._pins[start]

    def require_harmless(self, kept: Iterable[str]) -> None:
        """Raises UsageError naming every op type of `kept` that isn't known to be harmless."""
        harmful: dict[str, str] = {}
        for name in kept:
            if name not in self.fed:
                for op in self._ops(self.nodes[name], ()):
                    harmful.setdefault(op, name)
        if harmful:
            named = ", ".join(f"{op} ({name})" for op, name in sorted(harmful.items()))
            raise UsageError(
                f"the v1 graph needs ops that may do more than compute: {named}; name outputs or "
                "inputs that don't need them, or allow them by their types, if you trust the file"
                + _UNFILLED
                * any("Table" in op for op in harmful)
            )

    def _ops(self, node: Any, within: tuple[str, ...]) -> list[str]:
        """Returns the op types beyond the harmless ones that a node or its functions have."""
        found = []
        if node.op in self.functions:
            found += self._function_ops(node.op, within)
        elif node.op not in self._safe:
            found.append(node.op)
        for attribute in node.attr.values():
            for called in (attribute.func, *attribute.list.func):
                if called.name in self.functions:
                    found += self._function_ops(called.name, within)
        return found

    def _function_ops(self, name: str, within: tuple[str, ...]) -> list[str]:
        """Returns the same of a function; one that calls itself would end the process."""
        if len(within) == _DEEPEST:
            raise UsageError(
                f"the v1 graph's functions call each other more than {_DEEPEST} levels deep, from "
                f"{within[0]} on: it isn't run; name outputs that don't need them"
            )
        if name in within:
            raise UsageError(
                f"the v1 graph's function {name} calls itself, by way of {', '.join(within)}: it "
                "isn't run; name outputs that don't need it"
            )
        if name not in self._called:
            self._called[name] = []
            nodes = self.functions[name].node_def
            self._called[name] = [op for node in nodes for op in self._ops(node, (*within, name))]
        return self._called[name]


def _add(graph_def: Any, node: Any, inputs: list[str], *, is_input: bool) -> None:
    """Adds a node with the inputs that are kept of it; a fed one as a placeholder."""
    made = graph_def.node.add()
    made.CopyFrom(node)
    made.ClearField("device")
    del made.input[:]
    made.input.extend(inputs)
    if "_class" in made.attr:  # ops to be placed with, which may be gone
        del made.attr["_class"]
    if is_input and node.op not in _WITHOUT_INPUTS:
        types = _types(node)
        if len(types) == 1:
            _become_placeholder(made, types[0])
        else:
            _become_several(graph_def, made, types)


def _types(node: Any) -> list[int]:
    """Returns the dtypes of an op's outputs."""
    if node.op in PARSING_OPS:
        sparse, rest = parsed_types(node)
        return [*sparse, *rest]
    for key in ("output_types", "component_types"):
        if key in node.attr and node.attr[key].list.type:  # asking would add it
            return list(node.attr[key].list.type)
    types = [node.attr[key].type for key in _TYPES if key in node.attr]
    if not types:
        raise UsageError(
            f"{node.name} ({node.op}): expected an op that says the dtypes of its outputs, to give "
            "a value to; name a tensor that follows from it"
        )
    return types[:1]


def _become_placeholder(node: Any, dtype: int) -> None:
    node.op = "Placeholder"
    node.attr.clear()
    node.attr["dtype"].type = dtype
    node.attr["shape"].shape.unknown_rank = True


def _become_several(graph_def: Any, node: Any, types: Sequence[int]) -> None:
    """Makes an op pass on a placeholder for each of its outputs: their tensors keep their names."""
    for number, dtype in enumerate(types):
        fed = graph_def.node.add()
        fed.name = f"{node.name}/fed_{number}"
        _become_placeholder(fed, dtype)
        node.input.append(fed.name)
    node.op = "IdentityN"
    node.attr.clear()
    node.attr["T"].list.type.extend(types)
