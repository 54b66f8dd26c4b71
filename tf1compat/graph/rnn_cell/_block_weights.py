"""The weights that the block LSTMs share, of one step and of whole sequences."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.layers.base import Layer
from tf1compat.graph.types import DTypeLike

__all__ = ["BlockWeights"]

v1 = tf.compat.v1


class BlockWeights(Layer):
    """A layer over `kernel`, `bias` and, with peepholes, `w_i_diag`, `w_f_diag`, `w_o_diag`."""

    _num_units: int
    _forget_bias: float
    _cell_clip: float
    _use_peephole: bool

    def _add_block_weights(self, depth: int) -> None:
        """Makes them: kernel [depth + U, 4U], bias [4U], the diagonals [U]."""
        units = self._num_units
        # `LSTMCell`'s names, shapes and order of gates: either cell reads the other's checkpoints.
        self._kernel = self.add_weight("kernel", [depth + units, 4 * units])
        self._bias = self.add_weight("bias", [4 * units], initializer=v1.constant_initializer(0.0))
        # i, f, o, where `LSTMCell` makes f, i, o: names, not their order, join the two.
        names = ("w_i_diag", "w_f_diag", "w_o_diag") if self._use_peephole else ()
        self._diagonals = tuple(self.add_weight(name, [units]) for name in names)

    def _block_arguments(self, dtype: DTypeLike | None) -> dict[str, Any]:
        """Returns what the operations of one step and of all steps take alike."""
        # The operations want the diagonals even where they use none.
        wci, wcf, wco = self._diagonals or [tf.zeros([self._num_units], dtype=dtype)] * 3
        return {
            "w": self._kernel,
            "wci": wci,
            "wcf": wcf,
            "wco": wco,
            "b": self._bias,
            "forget_bias": self._forget_bias,
            "cell_clip": self._cell_clip,
            "use_peephole": self._use_peephole,
        }
