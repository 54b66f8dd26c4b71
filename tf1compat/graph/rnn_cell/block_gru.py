"""The GRU as one operation a step, and cuDNN's variant of it."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.rnn_cell._sized import LayerUnitsCell
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.rnn_cell.block_gradients import register_block_gradients
from tf1compat.graph.rnn_cell.gru import GRUCell
from tf1compat.graph.rnn_cell.state_tuple import static_size
from tf1compat.graph.types import InitializerLike, ScopeLike, ShapeLike, Tensor, Variable

__all__ = ["CudnnCompatibleGRUCell", "GRUBlockCell", "GRUBlockCellV2"]

v1 = tf.compat.v1


class GRUBlockCell(LayerUnitsCell):
    """GRU computed by one operation a step. Mirrors `tf.contrib.rnn.GRUBlockCell`.

    Inputs [B, D] of float32, state and output [B, U]. Variables below `gru_cell`: `w_ru`
    [D + U, 2U], `b_ru` [2U] (starts at one), `w_c` [D + U, U], `b_c` [U].

    Args:
      num_units: U.
      cell_size: the old name of `num_units`; give one of them.
      reuse: True gets existing variables instead of making them.
      name: name of the variable scope.

    Raises:
      UsageError: (a `ValueError`) both or none of `num_units` and `cell_size`; at the call,
        inputs of unknown depth or a state of another size.
    """

    # Not `GRUCell`'s names, though the same shapes: `GRUBlockCellV2` has those.
    _NAMES = ("w_ru", "b_ru", "w_c", "b_c")

    def __init__(
        self,
        num_units: int | None = None,
        cell_size: int | None = None,
        reuse: bool | None = None,
        name: ScopeLike = "gru_cell",
    ) -> None:
        super().__init__(_reuse=reuse, name=name)
        register_block_gradients()
        given = [size for size in (num_units, cell_size) if size is not None]
        if len(given) != 1:
            raise UsageError("Exactly one of num_units or cell_size must be provided.")
        self._num_units = given[0]
        self.input_spec = InputSpec(ndim=2)

    def build(self, input_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        units = self._num_units
        rows = input_depth(input_shape) + units
        names, constant = self._NAMES, v1.constant_initializer
        self._gate_kernel = self.add_weight(names[0], [rows, 2 * units])
        # Gates start open, at 1, as `GRUCell`'s do; the candidate at 0.
        self._gate_bias = self.add_weight(names[1], [2 * units], initializer=constant(1.0))
        self._candidate_kernel = self.add_weight(names[2], [rows, units])
        self._candidate_bias = self.add_weight(names[3], [units], initializer=constant(0.0))
        self.built = True

    def call(self, inputs: Tensor, h_prev: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (output, state), the same tensor [B, U] twice."""
        size = static_size(h_prev.shape.with_rank(2), 1)
        if size != self._num_units:
            raise UsageError(f"Shape of h_prev[1] incorrect: cell_size {self._num_units} vs {size}")
        outputs = tf.raw_ops.GRUBlockCell(
            x=inputs,
            h_prev=h_prev,
            w_ru=self._gate_kernel,
            w_c=self._candidate_kernel,
            b_ru=self._gate_bias,
            b_c=self._candidate_bias,
        )
        return outputs.h, outputs.h


class GRUBlockCellV2(GRUBlockCell):
    """`GRUBlockCell` with `GRUCell`'s variable names. Mirrors `tf.contrib.rnn.GRUBlockCellV2`."""

    _NAMES = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")


class CudnnCompatibleGRUCell(GRUCell):
    """GRU as cuDNN computes it, for weights that CudnnGRU trained.

    Mirrors `tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell`: the reset gate acts after the
    recurrent product and its own bias. Variables below `cudnn_compatible_gru_cell`:
    `gates/kernel`, `gates/bias`, then below `candidate` `input_projection/kernel` [D, U],
    `hidden_projection/kernel` [U, U], `input_projection/bias`, `hidden_projection/bias` [U].

    Args:
      num_units: U.
      reuse: True gets existing variables instead of making them.
      kernel_initializer: for the kernels; by default the variable scope's.
    """

    def __init__(
        self, num_units: int, reuse: bool | None = None, kernel_initializer: InitializerLike = None
    ) -> None:
        super().__init__(num_units, reuse=reuse, kernel_initializer=kernel_initializer)

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        units, depth = self._num_units, input_depth(inputs_shape)
        ones, zeros = v1.constant_initializer(1.0), v1.zeros_initializer()
        # Gates are one matrix still; only the candidate's is split in two, with two biases.
        self._gate_kernel, self._gate_bias = self._add_pair(
            "gates", [depth + units, 2 * units], ones
        )

        def kernel(name: str, rows: int) -> Variable:
            initializer = self._kernel_initializer
            return self.add_weight(
                f"candidate/{name}/kernel", [rows, units], initializer=initializer
            )

        self._input_kernel = kernel("input_projection", depth)
        self._hidden_kernel = kernel("hidden_projection", units)
        self._input_bias, self._hidden_bias = (
            self.add_weight(f"candidate/{name}_projection/bias", [units], initializer=zeros)
            for name in ("input", "hidden")
        )
        self.built = True

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (output, state), the same tensor [B, U] twice."""
        r, u = self._gates(inputs, state)
        from_inputs = tf.nn.bias_add(tf.matmul(inputs, self._input_kernel), self._input_bias)
        from_state = tf.nn.bias_add(tf.matmul(state, self._hidden_kernel), self._hidden_bias)
        # After the product, bias and all; `GRUCell` resets the state before it.
        candidate = self._activation(from_inputs + r * from_state)
        output = (1 - u) * candidate + u * state
        return output, output
