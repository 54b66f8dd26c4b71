"""Variables that a graph hands to CuDNN whole: what stack of recurrent layers each one is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from tf1compat.checkpoint.meta._attributes import constant, integer, text
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.names.graph_names import in_gradients

__all__ = ["OpaqueRecurrent", "find_opaque"]

_RUNNING = frozenset({"CudnnRNN", "CudnnRNNV2", "CudnnRNNV3"})
_TAKING_APART = frozenset({"CudnnRNNParamsToCanonical", "CudnnRNNParamsToCanonicalV2"})
_PARAMS = 3  # the operand of all of them
_BIDIRECTIONAL = "bidirectional"
_LINEAR = "linear_input"


@dataclasses.dataclass(frozen=True)
class OpaqueRecurrent:
    """A stack of recurrent layers in one variable of CuDNN.

    Attributes:
      mode: ``"lstm"``, ``"gru"``, ``"rnn_tanh"`` or ``"rnn_relu"``.
      directions: 2 for one that is run both ways, else 1.
      input_mode: ``"linear_input"``, or how else the first layer takes its inputs.
      projected: whether outputs are made smaller.
      sizes: layers, units and columns of the input; () where the graph doesn't tell them.
    """

    mode: str
    directions: int
    input_mode: str = _LINEAR
    projected: bool = False
    sizes: tuple[int, ...] = ()


def find_opaque(
    nodes: Mapping[str, Node], variable: Callable[[Node, int], str]
) -> dict[str, OpaqueRecurrent]:
    """Returns them by their names.

    Args:
      nodes: the graph's.
      variable: returns the variable whose value an operand is, ``""`` for none's.
    """
    found: dict[str, OpaqueRecurrent] = {}
    for node in nodes.values():
        if node.op not in _RUNNING | _TAKING_APART or in_gradients(node.name):
            continue
        name = variable(node, _PARAMS)
        if name and (name not in found or not found[name].sizes):
            found[name] = _stack(node, nodes)
    return found


def _stack(node: Node, nodes: Mapping[str, Node]) -> OpaqueRecurrent:
    sizes = [constant(nodes[name]) for name in node.inputs[:_PARAMS]]
    known = node.op in _TAKING_APART and all(len(one) == 1 for one in sizes)
    return OpaqueRecurrent(
        text(node, "rnn_mode") or "lstm",
        2 if text(node, "direction") == _BIDIRECTIONAL else 1,
        text(node, "input_mode") or _LINEAR,
        integer(node, "num_proj") > 0,
        tuple(int(one[0]) for one in sizes) if known else (),
    )
