"""Targets of graphs that TensorFlow's own messages read, beside this package or instead of it."""

from __future__ import annotations

import contextlib

import tensorflow as tf
from fuzz_graphs import GOLDENS, fresh, meta_seeds, saved_model_seeds
from fuzz_scratch import small_budget

from tf1compat.checkpoint.meta._graph_def import parse_meta_graph
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import Tf1CompatError
from tf1compat.migration.serving._collected import contexts_in, named_ops
from tf1compat.migration.verification.reference.graph_file import read_graph


def graph_def(data: bytes) -> None:
    """Nodes, ops and inputs are those that protobuf reads, of what both take for a graph."""
    try:
        found = parse_meta_graph(memoryview(data), small_budget(len(data)))
    except WireError:
        return
    message = tf.compat.v1.MetaGraphDef()
    try:
        message.ParseFromString(data)
    except Exception:  # protobuf's DecodeError has no public name
        return
    nodes = {node.name: node for node in message.graph_def.node}
    assert list(found.nodes) == list(nodes)
    for name, node in found.nodes.items():
        assert node.op == nodes[name].op
        inputs = [one for one in nodes[name].input if not one.startswith("^")]
        assert list(node.inputs) == [one.partition(":")[0] for one in inputs]
        assert set(node.attributes) == set(nodes[name].attr)
    assert set(found.collections) == set(message.collection_def)


def graph_def_seeds() -> list[bytes]:
    return meta_seeds()


def graph_file(data: bytes) -> None:
    """What is run of a graph, its inputs and signatures."""
    with contextlib.suppress(Tf1CompatError):
        graph = read_graph(fresh("saved_model.pb", data))
        assert isinstance(graph.inputs, tuple)
        with contextlib.suppress(Tf1CompatError):
            graph.signature()
        assert isinstance(graph.inference[1], tuple)


def graph_file_seeds() -> list[bytes]:
    return saved_model_seeds()


def collected(data: bytes) -> None:
    """Ops that loops, branches and others of a graph's collections name."""
    named = set(named_ops(data))
    assert all(isinstance(one, str) for one in named)
    for key in (*_CONTEXTS, "variables"):
        (found,) = contexts_in(key, [data])
        assert found is None or found.own <= found.named


def collected_seeds() -> list[bytes]:
    message = tf.compat.v1.MetaGraphDef()
    seeds = []
    for name in ("convnet_adam_ema", "meanings/scanned_layers"):
        message.ParseFromString((GOLDENS / name / "model.ckpt.meta").read_bytes())
        for key in _CONTEXTS:
            seeds += list(message.collection_def[key].bytes_list.value)[:2]
    return seeds


_CONTEXTS = ("cond_context", "while_context")
