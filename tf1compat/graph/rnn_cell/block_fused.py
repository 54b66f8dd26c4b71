"""The LSTM as one operation for a whole sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.layers.base import Layer
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.rnn_cell._block_weights import BlockWeights
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple, size_of, static_size
from tf1compat.graph.types import DTypeLike, ScopeLike, ShapeLike, Tensor, TensorLike

__all__ = ["LSTMBlockFusedCell", "LSTMBlockWrapper"]

v1 = tf.compat.v1


class LSTMBlockWrapper(Layer):
    """Base of LSTMs over whole sequences. Mirrors `tf.contrib.rnn.LSTMBlockWrapper`.

    Subclasses define `num_units` and `_call_cell(inputs, initial_cell_state, initial_output,
    dtype, sequence_length)`, which returns the memories and outputs [T, B, U] of all steps.
    """

    @property
    def num_units(self) -> int:
        """Depth of the output."""
        raise NotImplementedError("Abstract method")

    def _call_cell(
        self,
        inputs: Tensor,
        initial_cell_state: Tensor,
        initial_output: Tensor,
        dtype: DTypeLike,
        sequence_length: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        raise NotImplementedError("Abstract method")

    def call(
        self,
        inputs: Tensor | list[Tensor],
        initial_state: Sequence[Tensor] | None = None,
        dtype: DTypeLike | None = None,
        sequence_length: TensorLike | None = None,
    ) -> tuple[Tensor | list[Tensor], LSTMStateTuple]:
        """Runs all steps.

        Args:
          inputs: [T, B, D], or a list of T tensors [B, D].
          initial_state: pair of memory and output [B, U]; by default zeros.
          dtype: dtype of the zeros; needed without `initial_state`.
          sequence_length: int32 or int64 [B]; by default T for all.

        Returns:
          The outputs [T, B, U], or a list as `inputs` is, and the final `LSTMStateTuple`.

        Raises:
          UsageError: (a `ValueError`) neither `initial_state` nor `dtype`; inputs of unknown
            depth; a state that isn't a pair.
        """
        is_list = isinstance(inputs, list)
        sequence: Any = tf.stack(inputs) if is_list else inputs
        if not static_size(sequence.shape.with_rank(3), 2):
            raise UsageError(f"Expecting inputs_shape[2] to be set: {sequence.shape}")
        c, h = self._initial(sequence, initial_state, dtype)
        dtype = c.dtype if dtype is None else dtype
        lengths = None if sequence_length is None else tf.convert_to_tensor(sequence_length)
        cells, outputs = self._call_cell(sequence, c, h, dtype, lengths)
        if lengths is None:
            final = LSTMStateTuple(cells[-1], outputs[-1])
        else:
            outputs, final = self._masked(cells, outputs, (c, h), lengths)
        return tf.unstack(outputs) if is_list else outputs, final

    def _initial(
        self, sequence: Tensor, initial_state: Sequence[Tensor] | None, dtype: DTypeLike | None
    ) -> Sequence[Tensor]:
        if initial_state is None:
            if dtype is None:
                raise UsageError("Either initial_state or dtype needs to be specified")
            zeros = tf.zeros([size_of(sequence, 1), self.num_units], dtype)
            return zeros, zeros
        if len(initial_state) != 2:
            raise UsageError("Expecting initial_state to be a tuple with length 2 or None")
        return initial_state

    def _masked(
        self, cells: Tensor, outputs: Tensor, initial: tuple[Tensor, Tensor], lengths: Tensor
    ) -> tuple[Tensor, LSTMStateTuple]:
        """Zeroes what is beyond the lengths; the final state is the one at each length."""
        steps = size_of(outputs, 0)
        mask = tf.transpose(tf.sequence_mask(lengths, steps, dtype=outputs.dtype), [1, 0])
        # The operation runs on beyond the lengths: what it gives there is dropped only here.
        outputs *= tf.expand_dims(mask, -1)
        # With the initial state in front, index `length` is the last valid step, or it.
        states = [
            tf.concat([tf.expand_dims(first, 0), rest], 0)
            for first, rest in zip(initial, (cells, outputs), strict=True)
        ]
        batch = size_of(outputs, 1)
        places = tf.stack([lengths, tf.range(batch, dtype=lengths.dtype)], axis=1)
        return outputs, LSTMStateTuple(*(tf.gather_nd(state, places) for state in states))


class LSTMBlockFusedCell(LSTMBlockWrapper, BlockWeights):
    """LSTM over whole sequences by one operation. Mirrors `tf.contrib.rnn.LSTMBlockFusedCell`.

    Inputs [T, B, D] of float32 or float16, outputs [T, B, U]. The variables are `LSTMCell`'s,
    below `lstm_fused_cell`.

    Args:
      num_units: U.
      forget_bias: added to f at every step.
      cell_clip: bound of the memory's magnitude; None clips nothing.
      use_peephole: whether the memory feeds the gates.
      reuse: True gets existing variables instead of making them.
      dtype: dtype of the variables; by default the inputs'.
      name: name of the variable scope.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        reuse: bool | None = None,
        dtype: DTypeLike | None = None,
        name: ScopeLike = "lstm_fused_cell",
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        # Time first, always: there is no `time_major` here.
        self.input_spec = InputSpec(ndim=3)
        self._num_units = num_units
        self._forget_bias = forget_bias
        # The operation's word for no clipping.
        self._cell_clip = -1 if cell_clip is None else cell_clip
        self._use_peephole = use_peephole

    @property
    def num_units(self) -> int:
        """Depth of the output."""
        return self._num_units

    def build(self, input_shape: ShapeLike) -> None:
        """Makes the variables for inputs [T, B, D]."""
        depth = static_size(input_shape, 2)
        if depth is None:
            raise UsageError(f"Expecting inputs_shape[2] to be set: {input_shape}")
        self._add_block_weights(depth)
        self.built = True

    def _call_cell(
        self,
        inputs: Tensor,
        initial_cell_state: Tensor,
        initial_output: Tensor,
        dtype: DTypeLike,
        sequence_length: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        arguments = self._block_arguments(dtype)
        # Steps beyond the longest sequence aren't computed at all.
        longest = size_of(inputs, 0) if sequence_length is None else tf.reduce_max(sequence_length)
        outputs = tf.raw_ops.BlockLSTM(
            seq_len_max=tf.cast(longest, tf.int64),
            x=inputs,
            cs_prev=initial_cell_state,
            h_prev=initial_output,
            **arguments,
        )
        return outputs.cs, outputs.h
