"""A graph without what only trains it: what imports it needn't know the ops of that.

Gradients, optimizers, input pipelines and summaries may be of ops that today's TensorFlow lacks, or
that were a program's own; and a loader imports all that a graph has before it runs any of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tf1compat.migration.serving._collected import Context, contexts_in, named_ops
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["prune"]

_INITIAL = ("saved_model_main_op", "legacy_init_op", "table_initializer")
_NEAR = b"loc:@"  # before the name of an op to be placed with


def prune(meta_graph: Any, others: Iterable[str]) -> int:
    """Leaves out all ops but those that loading and serving need, and returns how many it did.

    Kept is what the signatures, the saver, the filling of tables and the files' names need, and all
    variables with their initializers. Of a loop or a branch all is kept or nothing: 1.15 imports
    none in part.

    Args:
      meta_graph: a ``MetaGraphDef`` that has its signatures, which is changed.
      others: names of ops to keep beside these.
    """
    graph = meta_graph.graph_def
    nodes = {node.name: node for node in graph.node}
    kept = _needed(nodes, {*_roots(meta_graph, nodes), *others}, _contexts(meta_graph))
    gone = nodes.keys() - kept
    if gone:
        left = [node for node in graph.node if node.name in kept]
        made = type(graph)()
        made.node.extend(left)
        del graph.node[:]
        graph.node.extend(made.node)
        _place_apart(graph, gone)
        _leave_out_messages(meta_graph, gone)
    _leave_out_functions(graph)
    return len(gone)


def _needed(
    nodes: Mapping[str, Any], roots: Iterable[str], contexts: Iterable[Context]
) -> set[str]:
    kept: set[str] = set()
    waiting, apart = list(roots), list(contexts)
    while waiting:
        while waiting:
            name = waiting.pop()
            if name in nodes and name not in kept:
                kept.add(name)
                waiting += map(op_name, nodes[name].input)
        waiting = [name for one in apart if one.own & kept for name in one.named]
        apart = [one for one in apart if not one.own & kept]
    return kept


def _roots(meta: Any, nodes: Mapping[str, Any]) -> Iterator[str]:
    saver = meta.saver_def
    signed = (one for signature in meta.signature_def.values() for one in _tensors(signature))
    named = [saver.filename_tensor_name, saver.save_tensor_name, saver.restore_op_name, *signed]
    named += [asset.tensor_info.name for asset in meta.asset_file_def]
    yield from map(op_name, named)
    variables = {name for name, node in nodes.items() if node.op in VARIABLE_OPS}
    yield from variables
    for key, collection in meta.collection_def.items():
        if key in _INITIAL:
            yield from map(op_name, collection.node_list.value)
        for message in collection.bytes_list.value:
            ops = named_ops(message)
            if variables.intersection(ops[:1]):  # a VariableDef: its op, what initializes and reads
                yield from ops


def _tensors(signature: Any) -> Iterator[str]:
    waiting = [*signature.inputs.values(), *signature.outputs.values()]
    while waiting:
        info = waiting.pop()
        sparse = info.coo_sparse
        yield from (
            info.name,
            sparse.values_tensor_name,
            sparse.indices_tensor_name,
            sparse.dense_shape_tensor_name,
        )
        waiting += info.composite_tensor.components


def _contexts(meta: Any) -> list[Context]:
    collections = meta.collection_def.items()
    found = (one for key, c in collections for one in contexts_in(key, c.bytes_list.value))
    return [one for one in found if one is not None]


def _place_apart(graph: Any, gone: Iterable[str]) -> None:
    """Takes away with what ops were to be placed, where that is gone."""
    lost = {_NEAR + name.encode() for name in gone}
    for node in graph.node:
        if "_class" in node.attr:
            near = node.attr["_class"].list.s
            near[:] = [one for one in near if one not in lost]
            if not near:
                del node.attr["_class"]


def _leave_out_messages(meta: Any, gone: set[str]) -> None:
    """Takes out of collections what names ops that are gone: loops, runners of queues, savers."""
    for key, collection in meta.collection_def.items():
        messages = collection.bytes_list.value
        contexts = contexts_in(key, messages)
        left = [
            one
            for one, context in zip(messages, contexts, strict=True)
            if gone.isdisjoint(context.named if context else named_ops(one))
        ]
        if len(left) < len(messages):
            messages[:] = left


def _leave_out_functions(graph: Any) -> None:
    """Takes out functions that nothing calls any more."""
    functions = {one.signature.name: one for one in graph.library.function}
    derived = {one.function_name: one.gradient_func for one in graph.library.gradient}
    kept: set[str] = set()
    waiting = list(_called(graph.node))
    while waiting:
        name = waiting.pop()
        if name in functions and name not in kept:
            kept.add(name)
            waiting += [*_called(functions[name].node_def), derived.get(name, "")]
    library = type(graph.library)()
    library.function.extend(one for name, one in functions.items() if name in kept)
    library.gradient.extend(one for one in graph.library.gradient if one.function_name in kept)
    graph.library.CopyFrom(library)


def _called(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        yield node.op
        for attribute in node.attr.values():
            yield from (one.name for one in (attribute.func, *attribute.list.func))
