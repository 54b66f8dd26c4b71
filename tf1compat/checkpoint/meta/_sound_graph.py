"""A graph decoded and found to agree with itself, its variables under the checkpoint's names.

In a SavedModel of TensorFlow 2 all is in functions, and a variable's op may have any name: the
function that restores says under which key the checkpoint has each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from tf1compat.budget import Budget
from tf1compat.checkpoint.meta._attributes import function, texts
from tf1compat.checkpoint.meta._facts import require_consistent
from tf1compat.checkpoint.meta._graph_def import Graph, parse_meta_graph
from tf1compat.checkpoint.meta._inlining import inlined
from tf1compat.checkpoint.meta._node_def import Function, Node, function_def
from tf1compat.checkpoint.object_based.keys import parse_key
from tf1compat.checkpoint.wire import WireError
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import CALLING_OPS, VARIABLE_OPS

__all__ = ["sound_graph"]

_SAVER = ("save", "restore_op")
_NEAR = 8  # ops between what is restored and what it is assigned to


def sound_graph(data: memoryview, budget: Budget) -> Graph:
    """Returns what a MetaGraphDef says, checked for contradictions.

    Of a SavedModel of TensorFlow 2, functions stand in the place of their calls, without those that
    save and restore, and variables have the checkpoint's names.

    Raises:
      WireError: it isn't one, or contradicts itself.
      BudgetError: there is more in it than its file's size warrants.
    """
    graph = parse_meta_graph(data, budget)
    require_consistent(graph)
    restore = _restoring(graph)
    if restore is None:
        return graph
    names = dict(_names(graph, restore))
    names = dict(_copied(graph, names)) | names
    saver = {op_name(str(graph.saver[key])) for key in _SAVER if key in graph.saver}
    kept = {name: node for name, node in graph.nodes.items() if name not in saver}
    nodes = inlined(dataclasses.replace(graph, nodes=kept), budget)
    taken = set(names.values())
    away = {name: f"~{name}" for name in nodes if name in taken}  # but for those that are renamed
    found = Graph(nodes=_called(nodes, away | names), version=graph.version)
    require_consistent(found)  # what is within functions wasn't looked at before
    moved = {name: new for name, new in away.items() if nodes[name].op in VARIABLE_OPS}
    return dataclasses.replace(found, saver=graph.saver, renamed=moved | names)


def _restoring(graph: Graph) -> Node | None:
    """Returns the op that restores by calling a function, as TensorFlow 2 has it."""
    node = graph.nodes.get(op_name(str(graph.saver.get("restore_op", ""))))
    return node if node is not None and node.op in CALLING_OPS else None


def _names(graph: Graph, restore: Node) -> Iterator[tuple[str, str]]:
    """Yields the name of each variable's op with what the checkpoint calls it."""
    data = graph.library.get(function(restore, "f"))
    if data is None:
        return
    try:
        body = function_def(data)
    except StopIteration as error:
        raise WireError("a function whose arguments have no names", 0) from error
    given = dict(zip(body.arguments, restore.inputs, strict=False))
    for node in body.nodes.values():
        if node.op == "AssignVariableOp" and len(node.inputs) == 2:
            variable = given.get(node.inputs[0], "")
            key = _restored(body, node.inputs[1], node.ports[1])
            if key and variable in graph.nodes and graph.nodes[variable].op in VARIABLE_OPS:
                yield variable, parse_key(key).name


def _copied(graph: Graph, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yields each variable that only a copy of is restored, with the name of the copy's key.

    `tf.saved_model.save` makes copies of the variables of Keras 3 and saves those, while functions
    go on reading what they were made with.
    """
    for node in graph.nodes.values():
        if node.op == "AssignVariableOp" and len(node.inputs) == 2 and node.inputs[0] in names:
            value = graph.nodes.get(node.inputs[1])
            if value is not None and value.op == "ReadVariableOp" and value.inputs:
                yield value.inputs[0], names[node.inputs[0]]


def _restored(body: Function, name: str, port: int) -> str:
    """Returns the key whose value an output of an op is; "" if of none."""
    for _ in range(_NEAR):
        node = body.nodes.get(name)
        if node is None or not node.inputs:
            return ""
        if node.op == "RestoreV2" and len(node.inputs) > 1:
            keys = body.nodes.get(node.inputs[1])
            every = texts(keys) if keys is not None else ()
            return every[port] if port < len(every) else ""
        name, port = node.inputs[0], node.ports[0]
    return ""


def _called(nodes: Mapping[str, Node], names: Mapping[str, str]) -> dict[str, Node]:
    """Returns the nodes with other names for some; those that are given one name become one."""
    return {
        names.get(name, name): dataclasses.replace(
            node,
            name=names.get(name, name),
            inputs=tuple(names.get(one, one) for one in node.inputs),
            controls=(),
        )
        for name, node in nodes.items()
    }
