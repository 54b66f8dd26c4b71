"""Where recurrent cells clip their state: an attribute of a cell in one op, or ops in a loop."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tf1compat.checkpoint.meta._attributes import number
from tf1compat.checkpoint.meta._forward_pass import ADDS, ForwardPass
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.names.op_types import PASSING_OPS

__all__ = ["cell_clips"]

_CELLS = ("BlockLSTM", "BlockLSTMV2", "LSTMBlockCell")
_DEFAULT = 3.0  # of the attribute in 1.x, where a file leaves defaults out
_FAR = 100  # ops of a cell
_INTO_STATE = frozenset({"Split", "SplitV", "BiasAdd", "MatMul", "Sigmoid", "Tanh", "Mul"}) | ADDS
_READING = frozenset({"ClipByValue", "Maximum", "Minimum", "Tanh"})


def cell_clips(graph: ForwardPass, variables: Collection[str]) -> Iterator[tuple[str, object]]:
    """Yields the bound of the state of a cell with these variables, "none" where it has none.

    A sum of products of gates is the state of an LSTM, which is clipped before it is read.
    """
    sites = graph.sites(variables)
    for node in sites:
        if node.op in _CELLS:
            clip = number(node, "cell_clip", default=_DEFAULT)
            yield "cell_clip", clip if clip > 0 else "none"
    for reader in _reading_state(graph, sites):
        if reader.op == "Tanh":
            yield "cell_clip", "none"
        else:
            bounds = [one for name in reader.inputs for one in graph.numbers(name)]
            yield from (("cell_clip", abs(bound)) for bound in bounds[-1:])


def _reading_state(graph: ForwardPass, sites: list[Node]) -> Iterator[Node]:
    """Yields what clips sums of products of gates, or takes them as they are."""
    pending, seen = [site.name for site in sites], {site.name for site in sites}
    while pending and len(seen) < _FAR:
        name = pending.pop()
        is_state = _is_sum_of_products(graph, graph.nodes[name])
        for reader in graph.readers(name):
            if is_state and reader.op in _READING:
                yield reader
            elif reader.op in _INTO_STATE | PASSING_OPS and reader.name not in seen:
                seen.add(reader.name)
                pending.append(reader.name)


def _is_sum_of_products(graph: ForwardPass, node: Node) -> bool:
    return node.op in ADDS and all(graph.nodes[name].op == "Mul" for name in node.inputs)
