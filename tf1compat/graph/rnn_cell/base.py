"""`RNNCell`, the base of every recurrent cell, as TensorFlow 1.15's `tf.nn.rnn_cell.RNNCell`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.items import expand_parts
from tf1compat.graph.layers.base import Layer
from tf1compat.graph.rnn_cell.state_tuple import static_size, zero_state_tensors

__all__ = ["LayerRNNCell", "RNNCell", "assert_like_rnncell", "check_floating", "input_depth"]

v1 = tf.compat.v1

_DEMANDS = {
    "output_size": "'output_size' property is missing",
    "state_size": "'state_size' property is missing",
}


def assert_like_rnncell(cell_name: str, cell: Any) -> None:
    """Checks that `cell` has what recurrent functions use of a cell.

    Args:
      cell_name: the argument's name, for the message.
      cell: anything.

    Raises:
      TypeError: it lacks `output_size`, `state_size`, both of `zero_state` and
        `get_initial_state`, or can't be called; the message lists all that is missing.
    """
    problems = [text for name, text in _DEMANDS.items() if not hasattr(cell, name)]
    if not (hasattr(cell, "zero_state") or hasattr(cell, "get_initial_state")):
        problems.append("either 'zero_state' or 'get_initial_state' method is required")
    if not callable(cell):
        problems.append("is not callable")
    if problems:
        raise TypeError(
            f"The argument {cell_name!r} ({cell}) is not an RNNCell: {', '.join(problems)}."
        )


def check_floating(*structures: Any) -> None:
    """Checks that dtypes, or the dtypes of nested tensors, are floating point or complex.

    Raises:
      UsageError: (a `ValueError`) one is not.
    """
    for leaf in tf.nest.flatten(structures):
        if leaf is None:
            continue
        dtype = tf.as_dtype(getattr(leaf, "dtype", leaf))
        if not (dtype.is_floating or dtype.is_complex):
            raise UsageError(
                f"RNN cell only supports floating point inputs, but saw dtype: {dtype}"
            )


def input_depth(inputs_shape: Any) -> int:
    """Returns the last, static, size of a cell's inputs [B, D].

    Raises:
      UsageError: (a `ValueError`) it isn't known.
    """
    depth = static_size(inputs_shape, -1)
    if depth is None:
        raise UsageError(
            f"Expected inputs.shape[-1] to be known, saw shape: {inputs_shape}; use set_shape"
        )
    return depth


class RNNCell(Layer):
    """A recurrent cell: one step `(output, new_state) = cell(inputs, state)`.

    Mirrors `tf.nn.rnn_cell.RNNCell` of TensorFlow 1.15. Subclasses define `state_size`,
    `output_size` and `call(inputs, state)`, or override `__call__` altogether. `call` may use
    `tf.compat.v1.get_variable`: the variables land in the cell's scope, are reused by every
    further call and reported by `weights`.
    """

    def __init__(
        self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._is_tf_rnn_cell = True

    def __call__(
        self, inputs: Any, state: Any, scope: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Runs one step.

        Args:
          inputs: tensor [B, D], or what the cell takes.
          state: tensors [B, S] in the structure of `state_size`.
          scope: variable scope, or its name; by default the cell's name in the current scope.
            Only the first call's counts.
          *args: more arguments of `call`.
          **kwargs: more arguments of `call`.

        Returns:
          The output [B, output_size] and the new state, structured as `state`.
        """
        if scope is not None:
            with v1.variable_scope(scope, custom_getter=self._rnn_get_variable) as opened:
                return super().__call__(inputs, state, *args, scope=opened, **kwargs)
        held = getattr(self, "rnncell_scope", None)
        if held is None:
            held = v1.variable_scope(v1.get_variable_scope(), custom_getter=self._rnn_get_variable)
            self.rnncell_scope = held
        with held:
            return super().__call__(inputs, state, *args, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Copies the cell, less the scope that its calls enter: the copy opens its own."""
        memo[id(getattr(self, "rnncell_scope", None))] = None
        return super().__deepcopy__(memo)

    def _rnn_get_variable(self, getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Custom getter that keeps a record of the variables that `call` gets."""
        variable = getter(*args, **kwargs)
        first = expand_parts(variable)[0]
        trained = v1.get_default_graph().get_collection_ref(v1.GraphKeys.TRAINABLE_VARIABLES)
        trainable = any(known is first for known in reversed(trained))
        record = self._trainable_weights if trainable else self._non_trainable_weights
        if all(known is not variable for known in record):
            record.append(variable)
        return variable

    @property
    def state_size(self) -> Any:
        """Size or sizes of the state: int, `tf.TensorShape`, or a nested tuple of them."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """Size of the output: int or `tf.TensorShape`."""
        raise NotImplementedError("Abstract method")

    def build(self, inputs_shape: Any) -> None:
        """Makes no variable: `call` gets them."""

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """Returns the zero state for `inputs`, or for `batch_size` and `dtype`.

        Args:
          inputs: tensor [B, ...] that tells batch size and dtype.
          batch_size: int or int32 tensor.
          dtype: dtype of the state.

        Raises:
          UsageError: (a `ValueError`) nothing tells the batch size or dtype, or they contradict
            `inputs`.
        """
        if inputs is not None:
            tensor = tf.convert_to_tensor(inputs, name="inputs")
            self._check_against_inputs(tensor, batch_size, dtype=dtype)
            batch_size = static_size(tensor.shape, 0) or tf.shape(tensor)[0]
            dtype = tensor.dtype
        if batch_size is None or dtype is None:
            raise UsageError(
                "batch_size and dtype cannot be None while constructing initial state: "
                f"batch_size={batch_size}, dtype={dtype}"
            )
        return self.zero_state(batch_size, dtype)

    def _check_against_inputs(self, inputs: tf.Tensor, batch_size: Any, *, dtype: Any) -> None:
        known = static_size(inputs.shape, 0)
        if batch_size is not None:
            told = tf.get_static_value(batch_size) if tf.is_tensor(batch_size) else batch_size
            if known != told:
                raise UsageError(
                    "batch size from input tensor is different from the input param. Input "
                    f"tensor batch: {known}, batch_size: {batch_size}"
                )
        if dtype is not None and inputs.dtype != dtype:
            raise UsageError(
                "dtype from input tensor is different from the input param. Input tensor dtype: "
                f"{inputs.dtype}, dtype: {dtype}"
            )

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns zeros [B, s] for each size s of `state_size`.

        Args:
          batch_size: int or int32 tensor.
          dtype: dtype of the state.
        """
        with v1.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return zero_state_tensors(self.state_size, batch_size, dtype=dtype)


class LayerRNNCell(RNNCell):
    """A cell that makes its variables in `build`, as layers do, and none in `call`.

    Mirrors `tf.contrib.rnn.LayerRNNCell` of TensorFlow 1.15.
    """

    def __call__(
        self, inputs: Any, state: Any, scope: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Runs one step; arguments and result as `RNNCell`'s."""
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)

    def _floating_build(self, inputs_shape: Any) -> int:
        """Returns the inputs' depth after the checks that the core cells make before building."""
        depth = input_depth(inputs_shape)
        check_floating(self.dtype)
        return depth
