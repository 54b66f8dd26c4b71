"""The neural Turing machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf1compat.graph.rnn_cell._arithmetic import clip
from tf1compat.graph.rnn_cell._ntm_addressing import Head, address
from tf1compat.graph.rnn_cell.base import LayerRNNCell, assert_like_rnncell, input_depth
from tf1compat.graph.rnn_cell.state_tuple import size_of
from tf1compat.graph.types import (
    BatchSize,
    DTypeLike,
    Initializer,
    RNNCellLike,
    ScopeLike,
    ShapeLike,
    Tensor,
)

__all__ = ["NTMCell", "NTMControllerState"]

v1 = tf.compat.v1


class NTMControllerState(NamedTuple):
    """State of an `NTMCell`: the controller's, read vectors, head weights, memory, time."""

    controller_state: Any
    read_vector_list: Any
    w_list: Any
    M: Any
    time: Any


def _scaled_normal(size: int) -> Initializer:
    return v1.truncated_normal_initializer(stddev=size**-0.5)


class NTMCell(LayerRNNCell):
    """Neural Turing machine with a recurrent controller (https://arxiv.org/abs/1807.08518).

    Mirrors `tf.contrib.rnn`'s `NTMCell`. Inputs [B, D], output [B, O], state
    `NTMControllerState`. Variables below `ntm_cell`: `parameters_kernel`, `parameters_bias`,
    `output_kernel`, `output_bias`, `initial_read_vector_N` [1, V], `initial_address_weights_N`
    [1, N], `memory` [N, V], and the controller's own.

    Args:
      controller: a cell.
      memory_size: N, number of places.
      memory_vector_dim: V, depth of a place.
      read_head_num: number of heads that read.
      write_head_num: number of heads that write.
      shift_range: places that a head can move to either side in a step.
      output_dim: O; by default D.
      clip_value: bound of the parameters' and output's magnitude.
      dtype: dtype of the variables.
      name: name of the variable scope.

    Raises:
      TypeError: `controller` isn't like a cell.
      UsageError: (a `ValueError`, at the call) inputs of unknown depth without `output_dim`.
    """

    def __init__(
        self,
        controller: RNNCellLike,
        memory_size: int,
        memory_vector_dim: int,
        read_head_num: int,
        write_head_num: int,
        shift_range: int = 1,
        output_dim: int | None = None,
        clip_value: float = 20,
        dtype: DTypeLike = tf.float32,
        name: ScopeLike = None,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        assert_like_rnncell("NTM RNN controller cell", controller)
        self.controller = controller
        self.memory_size = memory_size
        self.memory_vector_dim = memory_vector_dim
        self.read_head_num = read_head_num
        self.write_head_num = write_head_num
        self.shift_range = shift_range
        self.output_dim = output_dim
        self.clip_value = clip_value
        self.num_heads = read_head_num + write_head_num
        self.num_parameters_per_head = memory_vector_dim + 2 * shift_range + 4
        self.total_parameter_num = (
            self.num_parameters_per_head * self.num_heads + memory_vector_dim * 2 * write_head_num
        )

    @property
    def state_size(self) -> NTMControllerState:
        """Sizes of the state's parts, the memory's flat, as in TensorFlow 1.15."""
        return NTMControllerState(
            controller_state=self.controller.state_size,
            read_vector_list=[self.memory_vector_dim] * self.read_head_num,
            w_list=[self.memory_size] * self.num_heads,
            # Flat here, a matrix in `zero_state`: 1.15 disagrees with itself.
            M=tf.TensorShape([self.memory_size * self.memory_vector_dim]),
            time=tf.TensorShape([]),
        )

    @property
    def output_size(self) -> int | None:
        """`output_dim`; None before the first call where it follows the inputs."""
        return self.output_dim

    def zero_state(self, batch_size: BatchSize, dtype: DTypeLike) -> NTMControllerState:
        """Returns the state before the first step; the memory is [B, N, V], the time 0."""
        controller_state = self.controller.zero_state(batch_size, dtype)
        size, depth = self.memory_size, self.memory_vector_dim
        return NTMControllerState(
            controller_state=controller_state,
            # float32 whatever `dtype` says, which reaches the controller alone.
            read_vector_list=[tf.zeros([batch_size, depth]) for _ in range(self.read_head_num)],
            w_list=[tf.zeros([batch_size, size]) for _ in range(self.num_heads)],
            M=tf.zeros([batch_size, size, depth]),
            time=0,
        )

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        if self.output_dim is None:
            self.output_dim = input_depth(inputs_shape)
        add, zero = self.add_weight, v1.constant_initializer(0.0)
        hidden, params = self.controller.output_size, self.total_parameter_num
        # Initializers are set one by one; the scope's has no say (`_create_linear_initializer`).
        self._params_kernel = add(
            "parameters_kernel", [hidden, params], initializer=_scaled_normal(hidden)
        )
        self._params_bias = add("parameters_bias", [params], initializer=zero)
        rows = hidden + self.memory_vector_dim * self.read_head_num
        self._output_kernel = add(
            "output_kernel", [rows, self.output_dim], initializer=_scaled_normal(rows)
        )
        self._output_bias = add("output_bias", [self.output_dim], initializer=zero)
        glorot = v1.glorot_uniform_initializer()
        self._init_read_vectors = [
            add(f"initial_read_vector_{i}", [1, self.memory_vector_dim], initializer=glorot)
            for i in range(self.read_head_num)
        ]
        self._init_address_weights = [
            add(f"initial_address_weights_{i}", [1, self.memory_size], initializer=glorot)
            for i in range(self.num_heads)
        ]
        self._memory = add(
            "memory",
            [self.memory_size, self.memory_vector_dim],
            initializer=v1.constant_initializer(1e-6),
        )
        self.built = True

    def call(self, inputs: Tensor, state: NTMControllerState) -> tuple[Tensor, NTMControllerState]:
        """Returns the output [B, O] and the new `NTMControllerState`."""
        reads, weights, memory = self._previous(inputs, state)
        hidden, controller_state = self.controller(
            tf.concat([inputs, *reads], axis=1), state.controller_state
        )
        affine = tf.nn.bias_add(tf.matmul(hidden, self._params_kernel), self._params_bias)
        parameters = clip(affine, self.clip_value)
        split = self.num_parameters_per_head * self.num_heads
        heads = tf.split(parameters[:, :split], self.num_heads, axis=1)
        new_weights = [
            address(Head.parse(part, self.memory_vector_dim), memory, before=before)
            for part, before in zip(heads, weights, strict=True)
        ]
        # Reads see the memory before this step's writing.
        new_reads = [
            tf.reduce_sum(tf.expand_dims(w, 2) * memory, axis=1)
            for w in new_weights[: self.read_head_num]
        ]
        new_memory = self._written(memory, new_weights[self.read_head_num :], parameters[:, split:])
        output = tf.matmul(tf.concat([hidden, *new_reads], axis=1), self._output_kernel)
        output = clip(tf.nn.bias_add(output, self._output_bias), self.clip_value)
        return output, NTMControllerState(
            controller_state, new_reads, new_weights, new_memory, state.time + 1
        )

    def _previous(
        self, inputs: Tensor, state: NTMControllerState
    ) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Returns read vectors, weights and memory before the step; at time 0 the learned ones."""
        batch = size_of(inputs, 0)

        def learned() -> list[Tensor]:
            reads = [tf.tanh(vector) for vector in self._init_read_vectors]
            weights = [tf.nn.softmax(row) for row in self._init_address_weights]
            rows = [tf.tile(row, [batch, 1]) for row in reads + weights]
            return [*rows, tf.tile(tf.expand_dims(self._memory, 0), [batch, 1, 1])]

        def kept() -> list[Tensor]:
            flat = [*state.read_vector_list, *state.w_list, state.M]
            return [tf.identity(tensor) for tensor in flat]

        # At time 0 the zero state is replaced by learned rows, the same for the whole batch.
        *rows, memory = v1.cond(tf.equal(state.time, 0), learned, kept)
        return rows[: self.read_head_num], rows[self.read_head_num :], memory

    def _written(self, memory: Tensor, weights: Sequence[Tensor], parameters: Tensor) -> Tensor:
        """Returns the memory after every writing head erased and added, [B, N, V]."""
        if not weights:
            return memory
        changes = tf.split(parameters, 2 * self.write_head_num, axis=1)
        for index, weight in enumerate(weights):
            w = tf.expand_dims(weight, axis=2)
            erase = tf.expand_dims(tf.sigmoid(changes[2 * index]), axis=1)
            add = tf.expand_dims(tf.tanh(changes[2 * index + 1]), axis=1)
            # Heads write in turn, each on what the one before left.
            memory = memory * (1 - tf.matmul(w, erase)) + tf.matmul(w, add)
        return memory
