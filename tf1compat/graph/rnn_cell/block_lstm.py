"""The LSTM as one operation a step."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.rnn_cell._block_weights import BlockWeights
from tf1compat.graph.rnn_cell._sized import LayerPairCell
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.rnn_cell.block_gradients import register_block_gradients
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.types import DTypeLike, ScopeLike, ShapeLike, Tensor

__all__ = ["CudnnCompatibleLSTMCell", "LSTMBlockCell"]


class LSTMBlockCell(LayerPairCell, BlockWeights):
    """LSTM computed by one operation a step. Mirrors `tf.contrib.rnn.LSTMBlockCell`.

    Inputs [B, D] of float32 or float16, output [B, U], state `LSTMStateTuple` of [B, U]. The
    variables are `LSTMCell`'s, below `lstm_cell`.

    Args:
      num_units: U.
      forget_bias: added to f at every step.
      cell_clip: bound of the memory's magnitude; None clips nothing.
      use_peephole: whether the memory feeds the gates.
      dtype: dtype of the variables; by default the first input's.
      reuse: True gets existing variables instead of making them.
      name: name of the variable scope.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth; a state that isn't a pair.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        dtype: DTypeLike | None = None,
        reuse: bool | None = None,
        name: ScopeLike = "lstm_cell",
    ) -> None:
        super().__init__(_reuse=reuse, dtype=dtype, name=name)
        register_block_gradients()
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._use_peephole = use_peephole
        # The operation's word for no clipping.
        self._cell_clip = -1 if cell_clip is None else cell_clip

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        self._add_block_weights(input_depth(inputs_shape))
        self.built = True

    def call(self, inputs: Tensor, state: LSTMStateTuple) -> tuple[Tensor, LSTMStateTuple]:
        """Returns the output [B, U] and the new `LSTMStateTuple`."""
        if len(state) != 2:
            raise UsageError(f"Expecting state to be a tuple with length 2, got {state}.")
        outputs = tf.raw_ops.LSTMBlockCell(
            x=inputs, cs_prev=state[0], h_prev=state[1], **self._block_arguments(self.dtype)
        )
        return outputs.h, LSTMStateTuple(outputs.cs, outputs.h)


class CudnnCompatibleLSTMCell(LSTMBlockCell):
    """`LSTMBlockCell` for weights that CudnnLSTM trained.

    Mirrors `tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell`: no forget bias is added, because
    cuDNN's lies in its bias. Variables below `cudnn_compatible_lstm_cell`.

    Args:
      num_units: U.
      reuse: True gets existing variables instead of making them.
    """

    def __init__(self, num_units: int, reuse: bool | None = None) -> None:
        # cuDNN adds its two biases and nothing else: a 1 learned or set there is already inside.
        super().__init__(num_units, forget_bias=0, reuse=reuse, name="cudnn_compatible_lstm_cell")
