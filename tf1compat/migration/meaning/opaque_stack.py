"""Where CuDNN keeps what of a stack of recurrent layers in its one vector.

All matrices come first, layer by layer and forward before backward: those of each gate for inputs,
then those for the state, each of [units, inputs] row by row. Behind them all stand the biases in
the same order, one of each gate for inputs, then one for the state. Gates are i, f, c, o of an LSTM
and r, u, candidate of a GRU. So ``CudnnRNNParamsToCanonical`` gives them out, and so ``tf.keras``'
layers join them (``recurrent_v2._canonical_to_params`` of 1.15).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tf1compat.migration.meaning.base import Part
from tf1compat.names.reasons import Reason

__all__ = ["GRU_GATES", "LAYERS", "LSTM_GATES", "OpaqueCell", "OpaqueStack"]

LSTM_GATES, GRU_GATES = 4, 3
LAYERS = {
    1: "a SimpleRNN of its sizes",
    GRU_GATES: "a GRU(reset_after=True) of its sizes: CuDNN applies the reset gate after the "
    "product, and with reset_after=False no layout makes that equal",
    LSTM_GATES: "an LSTM of its sizes",
}
_KINDS = {1: "SimpleRNN", GRU_GATES: "GRU", LSTM_GATES: "LSTM"}
_WAYS = ("fw", "bw")
_BIASES = 2  # of each gate


@dataclasses.dataclass(frozen=True)
class OpaqueCell:
    """One layer in one direction, and where its numbers begin.

    Attributes:
      path: ``cell_0``, or ``cell_0/fw`` and ``cell_0/bw``.
      inputs: columns of its input.
      matrices: where its matrices begin.
      biases: where its biases begin.
    """

    path: str
    inputs: int
    matrices: int
    biases: int


@dataclasses.dataclass(frozen=True)
class OpaqueStack:
    """Recurrent layers one on another.

    Attributes:
      gates: of each layer: 4 of an LSTM, 3 of a GRU, 1 of a plain one.
      directions: 2 where each layer is run both ways.
      layers: how many there are.
      units: of each layer in each direction.
      inputs: columns of the first one's input.
    """

    gates: int
    directions: int
    layers: int
    units: int
    inputs: int

    @property
    def columns(self) -> int:
        """Columns of all gates."""
        return self.gates * self.units

    def inputs_of(self, layer: int) -> int:
        """Returns the columns of a layer's input: what both directions of the one below give."""
        return self.inputs if layer == 0 else self.directions * self.units

    @property
    def size(self) -> int:
        """How many numbers it has."""
        each = (self.columns * (self.inputs_of(n) + self.units) for n in range(self.layers))
        biases = self.layers * self.directions * _BIASES * self.columns
        return self.directions * sum(each) + biases

    def cells(self) -> Iterator[OpaqueCell]:
        """Yields the layers in order, forward before backward."""
        biases = self.size - self.layers * self.directions * _BIASES * self.columns
        matrices = 0
        for layer in range(self.layers):
            for way in range(self.directions):
                path = f"cell_{layer}/{_WAYS[way]}" if self.directions > 1 else f"cell_{layer}"
                yield OpaqueCell(path, self.inputs_of(layer), matrices, biases)
                matrices += self.columns * (self.inputs_of(layer) + self.units)
                biases += _BIASES * self.columns

    def parts(self, name: str, scope: str, because: Reason) -> Iterator[Part]:
        """Yields what its numbers would be as weights of Keras' layers.

        Args:
          name: the variable's.
          scope: by which its layers are matched.
          because: from what the stack is known.
        """
        # Keras' GRU keeps both biases apart.
        two = (_BIASES, self.columns)
        apart = (two, f"reshape{two}{self._order}")
        bias = apart if self.gates == GRU_GATES else ((self.columns,), "sum_halves")
        for cell in self.cells():
            module = "/".join(filter(None, (scope, cell.path)))
            state = cell.matrices + self.columns * cell.inputs
            pieces = [
                (role, start, start + self.columns * rows, (rows, self.columns), self._turned(rows))
                for role, start, rows in (
                    ("kernel", cell.matrices, cell.inputs),
                    ("recurrent_kernel", state, self.units),
                )
            ]
            pieces.append(("bias", cell.biases, cell.biases + _BIASES * self.columns, *bias))
            for role, start, stop, shape, moves in pieces:
                layout = f"split(0, {start}, {stop}) | {moves}"
                path, layer = f"{module}/{role}", LAYERS[self.gates]
                yield Part(path, module, role, shape, (name,), layout, layer, because)

    @property
    def _order(self) -> str:
        """Keras' LSTM has CuDNN's order of gates; its GRU has z before r."""
        return " | blocks(1, 0, 2)" if self.gates == GRU_GATES else ""

    def _turned(self, rows: int) -> str:
        return f"reshape({self.columns}, {rows}) | transpose(1, 0){self._order}"

    def __str__(self) -> str:
        both = " in both directions" if self.directions > 1 else ""
        many = f"{self.layers} {_KINDS[self.gates]} layer{'s' if self.layers > 1 else ''}"
        return f"{many} of {self.units} units on {self.inputs} columns{both}"
