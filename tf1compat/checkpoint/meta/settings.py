"""What stands around a v1 graph's variables: the settings of the ops that take them.

They are no variables, so that no checkpoint holds them, and they change what is computed.
"""

from __future__ import annotations

import dataclasses
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tf1compat.budget import Budget
from tf1compat.checkpoint.meta._afterwards import settings_afterwards
from tf1compat.checkpoint.meta._attributes import constant
from tf1compat.checkpoint.meta._cell_clips import cell_clips
from tf1compat.checkpoint.meta._convolution_settings import convolution_settings
from tf1compat.checkpoint.meta._forward_pass import ForwardPass
from tf1compat.checkpoint.meta._gate_activations import gate_activations
from tf1compat.checkpoint.meta._graph_at import graph_at
from tf1compat.checkpoint.meta._graph_def import parse_meta_graph
from tf1compat.checkpoint.meta._inlining import inlined
from tf1compat.checkpoint.meta._input_counts import require_inputs
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._norm_settings import norm_settings
from tf1compat.checkpoint.meta.graph_uses import find_uses
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import CheckpointError

__all__ = ["GraphSettings", "read_settings", "traced_settings"]

_GRAPH_DEF = b"\x12"  # the tag of MetaGraphDef.graph_def
_TURNS = {(0, 2, 3, 1), (0, 3, 1, 2), (0, 2, 3, 4, 1), (0, 4, 1, 2, 3)}
"""Permutations between channels first and last."""


class GraphSettings:
    """The settings around variables, read where they are asked for.

    Attributes:
      trains: whether the graph has gradients: then it normalises by batches, and drops out.
      turns: whether it moves images' channels between first and last.
      forget_bias: what LSTM cells add to their forget gates, by the variable that is their bias.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._graph = ForwardPass(nodes)
        self.trains = self._graph.trains
        self.turns = any(_turns(self._graph, node) for node in nodes.values())
        self.forget_bias = find_uses(nodes).forget_biases

    def of_convolution(self, variables: Collection[str]) -> Mapping[str, frozenset[Any]]:
        """Returns ``strides``, ``padding``, ``dilation``, ``data_format`` of convolutions.

        Each has the values that it has wherever `variables` are used. ``padding`` is ``"SAME"`` or
        pairs of what is added before and after each spatial dimension. What can't be read at any
        of these places is left out.
        """
        return _gathered(convolution_settings(self._graph, variables))

    def of_norm(self, variables: Collection[str]) -> Mapping[str, frozenset[Any]]:
        """Returns ``epsilon``, ``momentum``, ``statistics``, ``axes``, ``scale``, ``center``.

        ``statistics`` are ``"moving"`` or ``"batch"``, ``axes`` how many are normalised together,
        ``scale`` and ``center`` the names of what multiplies and is added, ``""`` for nothing.
        """
        return _gathered(norm_settings(self._graph, variables))

    def of_gates(self, variables: Collection[str]) -> Mapping[str, frozenset[Any]]:
        """Returns ``gates`` and ``cell_clip`` of a recurrent cell.

        Gates are their activations, by the names as behind a layer; the clip is the bound of its
        state, ``"none"`` for none.
        """
        found = [*gate_activations(self._graph, variables), *cell_clips(self._graph, variables)]
        return _gathered(iter(found))

    def afterwards(self, variables: Collection[str]) -> Mapping[str, frozenset[Any]]:
        """Returns ``activation`` and ``dropout``, its rate, up to the next variable.

        Activations go by Keras' names, with what they are told in brackets: ``"gelu(tanh)"``,
        ``"leaky_relu(0.2)"``; ``"linear"`` is none, ``"end"`` where nothing comes after.
        """
        return _gathered(settings_afterwards(self._graph, variables))


def read_settings(path: str | os.PathLike[str]) -> GraphSettings | None:
    """Returns what stands around the variables of the graph in a ``.meta`` file or a SavedModel.

    None where it is no sound one, which :func:`tf1compat.checkpoint.read_meta` tells of.
    """
    try:
        found = graph_at(path)
        # else a loop or branch of functions is one op with all variables
        nodes = inlined(found.graph, found.budget())
        return GraphSettings(nodes)
    except (WireError, CheckpointError):
        return None


def traced_settings(graph_def: bytes, variables: Collection[str]) -> GraphSettings:
    """Returns what stands around the placeholders that stand for variables in a GraphDef.

    Args:
      graph_def: serialized, of this version of TensorFlow.
      variables: names of the placeholders.

    Raises:
      WireError: it is no GraphDef.
    """
    graph = parse_meta_graph(
        memoryview(_GRAPH_DEF + _varint(len(graph_def)) + graph_def),
        Budget("a traced graph", len(graph_def)),
    )
    require_inputs(graph.nodes)
    held = {name: dataclasses.replace(graph.nodes[name], op="VariableV2") for name in variables}
    return GraphSettings({**graph.nodes, **held})


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _gathered(found: Iterator[tuple[str, object]]) -> dict[str, frozenset[Any]]:
    values: dict[str, set[Any]] = defaultdict(set)
    try:
        for name, value in found:
            values[name].add(value)
    except WireError:  # an attribute that is damaged, which nothing has looked at before
        return {}
    return {name: frozenset(all_) for name, all_ in values.items() if None not in all_}


def _turns(graph: ForwardPass, node: Node) -> bool:
    if node.op != "Transpose" or graph.made_of.get(node.name, node.name) is not None:
        return False
    return tuple(constant(graph.nodes[node.inputs[1]])) in _TURNS
