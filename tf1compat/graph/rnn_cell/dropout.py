"""Dropout around a cell."""

from __future__ import annotations

import hashlib
import numbers
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell._structure import enumerated_map_up_to, shallow_structure
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.rnn_cell.wrapper import CellWrapper
from tf1compat.graph.types import (
    DTypeLike,
    Nested,
    Number,
    RNNCellLike,
    State,
    StateSize,
    Tensor,
    TensorLike,
)

__all__ = ["DropoutWrapper"]

v1 = tf.compat.v1


def _keep_all_but_memory(substate: State) -> Any:
    """The default visitor: never an LSTM's memory, never a TensorArray."""
    if isinstance(substate, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not isinstance(substate, tf.TensorArray)


def _probability(name: str, given: TensorLike) -> Number:
    """Returns a float, or the tensor where its value isn't known."""
    if isinstance(given, numbers.Real):
        value: float = float(given)
    else:
        tensor = tf.convert_to_tensor(given)
        known = tf.get_static_value(tensor)
        if known is None:
            return tensor
        value = float(known)
    if not 0 <= value <= 1:
        raise UsageError(f"Parameter {name} must be between 0 and 1: {value:g}")
    return value


def _drops(probability: Number) -> bool:
    return not isinstance(probability, float) or probability < 1


class DropoutWrapper(CellWrapper):
    """Dropout on a cell's inputs, outputs and state. Mirrors `tf.nn.rnn_cell.DropoutWrapper`.

    The memory `c` of an `LSTMStateTuple` is spared by default. The masks of one seed are those of
    TensorFlow 1.15: each dropout's own seed is a hash of `seed`, of what it drops and its index.

    Args:
      cell: the cell to wrap.
      input_keep_prob: float or scalar tensor in [0, 1]; 1.0 drops nothing.
      output_keep_prob: the same for outputs.
      state_keep_prob: the same for the new state.
      variational_recurrent: whether one mask serves all steps and the whole batch
        (https://arxiv.org/abs/1512.05287); the masks are made here, in the current graph.
      input_size: structure of `tf.TensorShape` or int, the inputs' sizes without batch; needed
        for variational dropout of inputs.
      dtype: dtype of inputs, state and outputs; needed for variational dropout.
      seed: int, or None.
      dropout_state_filter_visitor: function of a state (of each level, from the top) that tells
        what of it to drop: a bool for all of it, or a structure of bools one level deep.
      **kwargs: more arguments of `Layer`.

    Raises:
      TypeError: `cell` isn't like a cell; the visitor isn't callable.
      UsageError: (a `ValueError`) a probability out of [0, 1]; `dtype` or `input_size` missing.
    """

    def __init__(
        self,
        cell: RNNCellLike,
        input_keep_prob: Number = 1.0,
        output_keep_prob: Number = 1.0,
        state_keep_prob: Number = 1.0,
        variational_recurrent: bool = False,
        input_size: StateSize | None = None,
        dtype: DTypeLike | None = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        if dropout_state_filter_visitor is not None and not callable(dropout_state_filter_visitor):
            raise TypeError("dropout_state_filter_visitor must be callable")
        self._dropout_state_filter = dropout_state_filter_visitor or _keep_all_but_memory
        # The scope in which 1.15 makes tensors of the probabilities.
        with v1.name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _probability("input_keep_prob", input_keep_prob)
            self._state_keep_prob = _probability("state_keep_prob", state_keep_prob)
            self._output_keep_prob = _probability("output_keep_prob", output_keep_prob)
        self._variational_recurrent = variational_recurrent
        self._input_size = input_size
        self._seed = seed
        self._recurrent_input_noise: Nested | None = None
        self._recurrent_state_noise: Nested | None = None
        self._recurrent_output_noise: Nested | None = None
        if variational_recurrent:
            self._make_noise(dtype)

    @property
    def wrapped_cell(self) -> RNNCellLike:
        """The wrapped cell."""
        return self.cell

    def _make_noise(self, dtype: DTypeLike | None) -> None:
        if dtype is None:
            raise UsageError("When variational_recurrent=True, dtype must be provided")
        if _drops(self._input_keep_prob):
            if self._input_size is None:
                raise UsageError(
                    "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, "
                    "input_size must be provided"
                )
            self._recurrent_input_noise = self._noise("input", self._input_size, dtype)
        # Drawn for all states and outputs, also where nothing will be dropped: seeds count ops.
        self._recurrent_state_noise = self._noise("state", self.cell.state_size, dtype)
        self._recurrent_output_noise = self._noise("output", self.cell.output_size, dtype)

    def _noise(self, salt: str, sizes: StateSize, dtype: DTypeLike) -> Nested:
        def uniform(index: int, size: StateSize) -> Tensor:
            # The 1 is the batch: all its rows share the mask.
            shape = [1, *tf.TensorShape(size).as_list()]
            return v1.random_uniform(shape, seed=self._gen_seed(salt, index), dtype=dtype)

        return enumerated_map_up_to(sizes, uniform, sizes)

    def _gen_seed(self, salt_prefix: str, index: int) -> int | None:
        if self._seed is None:
            return None
        # Digits and salt run together, "1state_0", as 1.15 hashes them.
        salted = f"{self._seed}{salt_prefix}_{index}".encode()
        return int(hashlib.md5(salted, usedforsecurity=False).hexdigest()[:8], 16) & 0x7FFFFFFF

    def _dropout(
        self,
        values: Nested,
        salt: str,
        noise: Nested | None,
        keep_prob: Number,
        shallow: Any = None,
    ) -> Any:
        """Drops in the leaves of `values`, or in the parts that `shallow` marks True."""

        def drop(index: int, wanted: Any, value: Any, *masks: Tensor) -> Any:
            # A leaf of `values` itself may stand here: only a bool is an order.
            if isinstance(wanted, bool) and not wanted:
                return value
            if masks:
                return _masked(value, masks[0], keep_prob)
            seed = self._gen_seed(salt, index)
            return tf.nn.dropout(value, rate=1.0 - keep_prob, seed=seed)

        level = values if shallow is None else shallow
        masks = [noise] if self._variational_recurrent and noise is not None else []
        return enumerated_map_up_to(level, drop, level, values, *masks)

    def _call_wrapped_cell(
        self, inputs: Nested, state: State, cell_call_fn: Callable[..., Any], **kwargs: Any
    ) -> tuple[Tensor, State]:
        # 1.0 adds no op; a tensor of 1.0 whose value isn't known does.
        keep = self._input_keep_prob
        if _drops(keep):
            inputs = self._dropout(inputs, "input", self._recurrent_input_noise, keep)
        output, new_state = cell_call_fn(inputs, state, **kwargs)
        keep = self._state_keep_prob
        if _drops(keep):
            shallow = shallow_structure(self._dropout_state_filter, new_state)
            noise = self._recurrent_state_noise
            new_state = self._dropout(new_state, "state", noise, keep, shallow)
        keep = self._output_keep_prob
        if _drops(keep):
            output = self._dropout(output, "output", self._recurrent_output_noise, keep)
        return output, new_state

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name; a visitor of one's own as itself."""
        names = "input_keep_prob output_keep_prob state_keep_prob variational_recurrent "
        config = {name: getattr(self, f"_{name}") for name in (names + "input_size seed").split()}
        if self._dropout_state_filter is not _keep_all_but_memory:
            config["dropout_state_filter_visitor"] = self._dropout_state_filter
        return super().get_config() | config


def _masked(value: Tensor, noise: Tensor, keep_prob: Number) -> Tensor:
    # noise is uniform in [0, 1): the floor is 1 with probability keep_prob, else 0.
    kept = value / keep_prob * tf.floor(keep_prob + noise)
    kept.set_shape(value.shape)
    return kept
