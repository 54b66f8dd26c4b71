"""Recurrent weights as CuDNN has them: transposed gates, and a bias each for inputs and state."""

from __future__ import annotations

import dataclasses

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.layout import Layout, Piece, Spec, cannot, one_source

__all__ = ["CudnnBlocks", "GruBiases", "SumHalves"]


@dataclasses.dataclass(frozen=True)
class CudnnBlocks(Layout):
    """A kernel of ``tf.keras.layers.CuDNNGRU`` or ``CuDNNLSTM`` as Keras' GRU or LSTM has it.

    CuDNN multiplies from the other side: each gate's block holds its transpose, row by row.
    """

    name = "cudnn_blocks"

    gates: int

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if self.gates < 1 or len(source.shape) != 2 or source.shape[1] % self.gates:
            raise cannot(self, source, f"a kernel of {self.gates} equal gates")
        return source

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        blocks = np.split(one_source(self, sources), self.gates, axis=1)
        return np.concatenate([b.reshape(b.shape[::-1]).T for b in blocks], axis=1)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        blocks = np.split(target, self.gates, axis=1)
        return (Piece((), np.concatenate([b.T.reshape(b.shape) for b in blocks], axis=1)),)


@dataclasses.dataclass(frozen=True)
class SumHalves(Layout):
    """Two biases that are always added, CuDNN's of inputs and of the state, as their sum."""

    name = "sum_halves"
    sums = True

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if len(source.shape) != 1 or source.shape[0] % 2:
            raise cannot(self, source, "a vector of two halves")
        return Spec((source.shape[0] // 2,), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        first, second = np.split(one_source(self, sources), 2)
        return first + second

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), np.concatenate([target, np.zeros_like(target)])),)


@dataclasses.dataclass(frozen=True)
class GruBiases(Layout):
    """Biases of 1.15's ``CudnnCompatibleGRUCell`` as Keras' ``GRU(reset_after=True)`` has them.

    Takes those of the gates r and u, of the candidate's input and of its state. The cell has one
    bias for a gate, the sum of CuDNN's two; it becomes Keras' for the input, and that for the state
    is 0.
    """

    name = "gru_biases"
    joins = True
    inverse_sums = True

    def spec(self, *sources: Spec) -> Spec:
        gates, *candidate = sources if len(sources) == 3 else (Spec(()),)
        units = candidate[0].shape[:1] if candidate else ()
        twice = (2 * units[0],) if units else ()
        alike = all(one.shape == units and one.dtype == gates.dtype for one in candidate)
        if not units or not alike or gates.shape != twice:
            shown = ", ".join(map(str, sources))
            raise LayoutError(f"layout {self}: expected biases [2n], [n] and [n], found {shown}")
        return Spec((2, 3 * units[0]), gates.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        gates, inputs, state = sources
        reset, update = np.split(gates, 2)
        nothing = np.zeros_like(gates)
        return np.stack([np.concatenate([update, reset, inputs]), np.concatenate([nothing, state])])

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        of_inputs, of_state = (np.split(row, 3) for row in target)
        # x + 0.0 isn't the bits of -0.0
        update, reset = (
            np.where(b == 0, a, a + b) for a, b in zip(of_inputs[:2], of_state[:2], strict=True)
        )
        found = (np.concatenate([reset, update]), of_inputs[2], of_state[2])
        return tuple(Piece((), one) for one in found)
