"""A readable account of a graph's variables: what there is, where, and how much memory it takes."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Mapping

import tensorflow as tf

from tf1compat.graph.items import GraphItem
from tf1compat.graph.query.variable_query import query
from tf1compat.names.columns import columns
from tf1compat.names.op_types import VARIABLE_OPS
from tf1compat.names.sizes import human_bytes
from tf1compat.printable import joined

__all__ = ["dump_variables"]

v1 = tf.compat.v1


def dump_variables(graph: tf.Graph | None = None) -> str:
    """Returns a table of all variables of `graph`, and totals by kind, device and collection.

    Variables that no collection holds are listed too: no query, Saver or initializer finds them.

    Args:
      graph: the graph; None for the default one.
    """
    graph = v1.get_default_graph() if graph is None else graph
    everything = query(graph)
    found = everything.result()
    kinds = {
        "model variables": everything.kind("variable", "global_step"),
        "optimizer slots": everything.kind("slot"),
        "optimizer state": everything.kind("optimizer_state", "loss_scale"),
        "moving averages": everything.kind("shadow", "loss_average"),
    }
    lines = [found.table(rows=None), "", "memory by kind"]
    lines += _totals({name: chosen.result().items for name, chosen in kinds.items()})
    lines += ["", "memory by device"]
    lines += _totals(_grouped(found.items, lambda item: [item.device or "(not placed)"]))
    lines += ["", "variables by collection"]
    lines += _totals(_grouped(found.items, lambda item: item.collections))
    stray = _stray(graph, {item.name for item in found.items})
    if stray:
        lines += ["", f"{len(stray)} in no collection, which no Saver or initializer finds"]
        lines += [f"  {name}" for name in stray]
    return joined(lines)


def _grouped(
    items: Iterable[GraphItem], keys: Callable[[GraphItem], Iterable[str]]
) -> dict[str, list[GraphItem]]:
    groups: dict[str, list[GraphItem]] = collections.defaultdict(list)
    for item in items:
        for key in keys(item):
            groups[key].append(item)
    return dict(sorted(groups.items()))


def _totals(groups: Mapping[str, Iterable[GraphItem]]) -> list[str]:
    rows = []
    for name, members in groups.items():
        items = list(members)
        if items:
            size = sum(item.size or 0 for item in items)
            nbytes = sum(item.nbytes or 0 for item in items)
            counts = f"{len(items):,} variables", f"{size:,} parameters"
            rows.append((name, *counts, human_bytes(nbytes)))
    return [f"  {line}" for line in columns(rows, right=[False, True, True, True])]


def _stray(graph: tf.Graph, known: set[str]) -> list[str]:
    return [
        operation.name
        for operation in graph.get_operations()
        if operation.type in VARIABLE_OPS and operation.name not in known
    ]
