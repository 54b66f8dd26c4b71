"""How a v1 graph uses its variables, as far as the place of each number depends on it.

Equal shape is not equal layout: the gates of a recurrent kernel, the rows of a table that is
looked up in shards, and those of a kernel behind a flattened image stand where the graph reads
them, and the shape says nothing of it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.meta._attribute_lists import boolean
from tf1compat.checkpoint.meta._attributes import integer, number, values
from tf1compat.checkpoint.meta._fused_heads import FusedHeads, find_fused
from tf1compat.checkpoint.meta._gate_constants import gate_constants
from tf1compat.checkpoint.meta._made_formats import made_formats
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._normalised import Normalised, find_normalised
from tf1compat.checkpoint.meta._opaque_recurrent import OpaqueRecurrent, find_opaque
from tf1compat.checkpoint.meta._rows_apart import Row
from tf1compat.checkpoint.meta._wiring import SAME_VALUE
from tf1compat.checkpoint.meta.flat_images import flattened_format
from tf1compat.checkpoint.meta.usage import nodes_usage
from tf1compat.checkpoint.meta.using import FORGET, LSTM_OF_1_15, Use
from tf1compat.names.graph_names import in_gradients
from tf1compat.names.op_types import PASSING_OPS, VARIABLE_OPS
from tf1compat.names.parse import split_part

__all__ = ["LstmGates", "Normalised", "OpaqueRecurrent", "Row", "Uses", "find_uses"]

_LSTM = frozenset(LSTM_OF_1_15)
_ADDS = frozenset({"Add", "AddV2"})
_BLOCKS = {"LSTMBlockCell": (3, 7), "BlockLSTM": (4, 8), "BlockLSTMV2": (4, 8)}
"""Fused ops, with the operands that are the kernel and the bias."""
_GATHERS = frozenset({"Gather", "GatherV2", "ResourceGather"})
_STRATEGIES = {"FloorMod": "mod", "Mod": "mod", "Maximum": "div"}
_FAR = 64  # ops that are followed from one to another


@dataclasses.dataclass(frozen=True)
class LstmGates:
    """An LSTM's kernel whose product is split into its gates.

    Attributes:
      kernel: the variable's name; rows of inputs, then of the state.
      bias: the variable that is added before the split; ``""`` where none is.
      forget_bias: what is added to f at every step.
      order: the gates as they stand; those of 1.x by default.
    """

    kernel: str
    bias: str
    forget_bias: float
    order: tuple[str, ...] = LSTM_OF_1_15


@dataclasses.dataclass(frozen=True)
class Uses:
    """What a graph does with variables beyond their shapes.

    Attributes:
      lstm: its LSTM cells, by their kernels.
      strategies: for a partitioned variable that is looked up in its parts, ``"mod"`` or
        ``"div"``, or ``"both"`` where one lookup has the one and another the other.
      listed: for variables that are looked up as the shards of one table, in their order, the
        same.
      flattened: for a kernel behind a flattened image, the image's data format: ``"NHWC"``,
        ``"NCHW"``, or ``""`` where the graph doesn't tell.
      made: the same of a kernel whose product's outputs become an image.
      by_variable: every use of each variable; a partitioned one by the name of the whole.
      fused: kernels of queries, keys and values in one, by their names.
      tied: for a table that is looked up and that something is multiplied by too, transposed, the
        scope where that is: that of the bias behind it, or else of the product.
      gate_constants: for a vector that is part of a gate, a peephole or a norm's offset, what else
        is added before the sigmoid.
      opaque: CuDNN's variables, which hold stacks of recurrent layers each.
      normalised: kernels that are computed of two variables each, by the first one's name.
      rows: for a variable of which rows alone are used, its rows, each a variable by itself.
    """

    lstm: Mapping[str, LstmGates] = dataclasses.field(default_factory=dict)
    strategies: Mapping[str, str] = dataclasses.field(default_factory=dict)
    flattened: Mapping[str, str] = dataclasses.field(default_factory=dict)
    by_variable: Mapping[str, tuple[Use, ...]] = dataclasses.field(default_factory=dict)
    listed: Mapping[tuple[str, ...], str] = dataclasses.field(default_factory=dict)
    fused: Mapping[str, FusedHeads] = dataclasses.field(default_factory=dict)
    tied: Mapping[str, str] = dataclasses.field(default_factory=dict)
    gate_constants: Mapping[str, float] = dataclasses.field(default_factory=dict)
    opaque: Mapping[str, OpaqueRecurrent] = dataclasses.field(default_factory=dict)
    normalised: Mapping[str, Normalised] = dataclasses.field(default_factory=dict)
    rows: Mapping[str, tuple[Row, ...]] = dataclasses.field(default_factory=dict)
    made: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def has_channels_first(self) -> bool:
        """Whether the graph computes with images of channels first anywhere."""
        facts = (use.facts.get("data_format") for some in self.by_variable.values() for use in some)
        return "channels_first" in facts

    @property
    def forget_biases(self) -> dict[str, float]:
        """What is added to forget gates, by the biases before them, those of convolutions too."""
        offsets = (
            (name, use.facts.get("forget_bias"))
            for name, uses in self.by_variable.items()
            for use in uses
            if use.kind == "offset" and FORGET in use.gates
        )
        return {
            **{one.bias: one.forget_bias for one in self.lstm.values() if one.bias},
            **{name: float(n) for name, n in offsets if isinstance(n, (int, float))},
        }


def find_uses(nodes: Mapping[str, Node]) -> Uses:
    """Returns the uses in the forward pass of a graph, given its nodes, functions in place."""
    return _Finder(nodes).found()


def _agreed(strategy: str, before: str | None) -> str:
    return strategy if before in (None, strategy) else "both"


class _Finder:
    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._usage = nodes_usage(nodes)
        self._readers: dict[str, list[Node]] = defaultdict(list)
        for node in nodes.values():
            if not in_gradients(node.name):
                for name in dict.fromkeys(node.inputs):
                    self._readers[name].append(node)

    def found(self) -> Uses:
        lstm, flattened = {}, {}
        strategies: dict[str, str] = {}
        for node in self._nodes.values():
            if in_gradients(node.name):
                continue
            if node.op == "MatMul" and (kernel := self._variable(node, 1)):
                if gates := self._split_gates(kernel, node):
                    lstm[kernel] = gates
                order = flattened_format(self._nodes, node)
                if order is not None:
                    flattened[kernel] = order
            elif node.op in _BLOCKS and (gates := self._fused_gates(node)):
                lstm[gates.kernel] = gates
            elif node.op in _GATHERS and (table := self._variable(node, 0)):
                whole, part = split_part(table)
                if part is not None and (strategy := self._strategy(node)):
                    strategies[whole] = _agreed(strategy, strategies.get(whole))
        fused = find_fused(self._nodes, self._readers)
        return Uses(
            lstm,
            strategies,
            flattened,
            by_variable=self._usage,
            listed=self._listed(),
            fused=fused,
            tied=self._tied(),
            gate_constants=gate_constants(self._nodes),
            opaque=find_opaque(self._nodes, self._variable),
            normalised=find_normalised(self._nodes),
            made=made_formats(self._nodes),
        )

    def _tied(self) -> dict[str, str]:
        """Returns the tables that are looked up and, transposed, multiplied by, each in one place.

        Of several products by one table, whose scope is meant nobody tells.
        """
        looked_up: set[str] = set()
        scopes: dict[str, set[str]] = defaultdict(set)
        for node in self._nodes.values():
            if in_gradients(node.name):
                continue
            if node.op in _GATHERS:
                looked_up.add(self._variable(node, 0))
            elif node.op == "MatMul" and boolean(node, "transpose_b", default=False):
                bias = next(filter(None, self._biases(node)), "") or node.name
                scopes[self._variable(node, 1)].add(bias.rpartition("/")[0])
        return {
            table: found.pop()
            for table, found in scopes.items()
            if table and table in looked_up and len(found) == 1
        }

    def _biases(self, product: Node) -> Iterator[str]:
        for reader in self._readers[product.name]:
            if reader.op in ("BiasAdd", *_ADDS) and reader.inputs[0] == product.name:
                yield self._variable(reader, 1)

    def _variable(self, node: Node, operand: int) -> str:
        """Returns the variable whose value an operand is; ``""`` where it is none's."""
        name = node.inputs[operand] if operand < len(node.inputs) else ""
        for _ in range(_FAR):
            found = self._nodes.get(name)
            if found is None:
                return ""
            if found.op in VARIABLE_OPS:
                return found.name
            if found.op not in SAME_VALUE or not found.inputs:
                return ""
            name = found.inputs[0]
        return ""

    def _split_gates(self, kernel: str, product: Node) -> LstmGates | None:
        """Returns the gates of a kernel over inputs and state, with the bias that is added."""
        uses = (use for use in self._usage.get(kernel, ()) if use.kind == "product")
        use = next((use for use in uses if {*use.gates} == _LSTM), None)
        if use is None or not self._is_of_inputs_and_state(product):
            return None
        bias = ""
        for reader in self._readers[product.name]:
            if reader.op in ("BiasAdd", *_ADDS) and reader.inputs[0] == product.name:
                bias = self._variable(reader, 1) or bias
        added = use.facts.get("forget_bias", 0.0)
        return LstmGates(kernel, bias, float(added) if isinstance(added, float) else 0.0, use.gates)

    def _is_of_inputs_and_state(self, product: Node) -> bool:
        node = self._nodes.get(product.inputs[0]) if product.inputs else None
        for _ in range(_FAR):
            if node is None or node.op not in SAME_VALUE or not node.inputs:
                break
            node = self._nodes.get(node.inputs[0])
        return node is not None and node.op in ("ConcatV2", "Concat")

    def _fused_gates(self, node: Node) -> LstmGates | None:
        kernel, bias = (self._variable(node, operand) for operand in _BLOCKS[node.op])
        return LstmGates(kernel, bias, number(node, "forget_bias", default=1.0)) if kernel else None

    def _strategy(self, gather: Node) -> str:
        """Returns how ids were dealt out to the parts of a table; ``""`` where they weren't."""
        dealing, _ = self._dealing(gather)
        return self._dealt_by(dealing.inputs[1]) if dealing is not None else ""

    def _dealing(self, gather: Node) -> tuple[Node | None, int]:
        """Returns what deals ids out, None for none, and which of its outputs is looked up."""
        node, operand = gather, 1
        for _ in range(_FAR):
            port = node.ports[operand]
            node, operand = self._nodes[node.inputs[operand]], 0
            if node.op == "DynamicPartition":
                return node, port
            if node.op not in PASSING_OPS | {"Cast", "Unique", "Reshape"} or not node.inputs:
                break
        return None, 0

    def _listed(self) -> dict[tuple[str, ...], str]:
        """Returns the lists of variables that are looked up as one table, and how ids are dealt."""
        shards: dict[str, dict[int, str]] = defaultdict(dict)
        for node in self._nodes.values():
            if node.op in _GATHERS and not in_gradients(node.name):
                table = self._variable(node, 0)
                dealing, number = self._dealing(node)
                # Of a partitioned variable the checkpoint knows no such names; of others called so.
                if dealing is not None and table:
                    shards[dealing.name][number] = table
        found: dict[tuple[str, ...], str] = {}
        for name, tables in shards.items():
            dealing = self._nodes[name]
            strategy = self._dealt_by(dealing.inputs[1])
            if strategy and len({*tables.values()}) == integer(dealing, "num_partitions"):
                shards_in_order = tuple(tables[number] for number in sorted(tables))
                found[shards_in_order] = _agreed(strategy, found.get(shards_in_order))
        for joined in self._joined():
            found[joined] = _agreed("div", found.get(joined))
        return found

    def _joined(self) -> Iterator[tuple[str, ...]]:
        """Yields the variables that are put one after the other, and then looked up as one table.

        So Tensor2Tensor's ``shared/weights_0`` to ``weights_15`` are.
        """
        for node in self._nodes.values():
            if node.op not in _GATHERS or in_gradients(node.name):
                continue
            joined = self._nodes.get(node.inputs[0])
            for _ in range(_FAR):
                if joined is None or joined.op not in SAME_VALUE or not joined.inputs:
                    break
                joined = self._nodes.get(joined.inputs[0])
            if joined is None or joined.op != "ConcatV2":
                continue
            axis = self._nodes.get(joined.inputs[-1])
            tables = [self._variable(joined, number) for number in range(len(joined.inputs) - 1)]
            along_rows = axis is not None and values(axis) == (0,)
            if along_rows and all(tables) and len({*tables}) == len(tables) > 1:
                yield tuple(tables)

    def _dealt_by(self, name: str) -> str:
        for _ in range(_FAR):
            node = self._nodes[name]
            if node.op in _STRATEGIES:
                return _STRATEGIES[node.op]
            if node.op not in PASSING_OPS | {"Cast"} or not node.inputs:
                return ""
            name = node.inputs[0]
        return ""
