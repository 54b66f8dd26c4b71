"""Cells around a cell: the base, residual connections, devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell._around import AroundCell
from tf1compat.graph.rnn_cell.base import assert_like_rnncell
from tf1compat.graph.types import (
    BatchSize,
    Device,
    DTypeLike,
    Nested,
    RNNCellLike,
    ScopeLike,
    State,
    Tensor,
)

__all__ = ["CellWrapper", "DeviceWrapper", "ResidualWrapper"]

v1 = tf.compat.v1


class CellWrapper(AroundCell):
    """Base of the cells around one cell that have its state, its output size and no scope.

    Mirrors the base of `tf.nn.rnn_cell`'s wrappers: a call goes straight to the wrapped cell, so
    the variables' names are the same with and without the wrapper. `weights` lists the
    wrapper's own variables, that is none, as in TensorFlow 1.15: ask `cell.weights`.

    Args:
      cell: the cell to wrap, given back by `cell`.
      **kwargs: more arguments of `Layer`.

    Raises:
      TypeError: `cell` isn't like a cell.
    """

    @property
    def cell(self) -> RNNCellLike:
        """The wrapped cell."""
        return self._cell

    def _call_wrapped_cell(
        self, inputs: Nested, state: State, cell_call_fn: Callable[..., Any], **kwargs: Any
    ) -> tuple[Tensor, State]:
        """Runs one step, the wrapped cell's by `cell_call_fn(inputs, state, **kwargs)`."""
        raise NotImplementedError

    def __call__(
        self, inputs: Nested, state: State, scope: ScopeLike = None
    ) -> tuple[Tensor, State]:
        """Runs one step; `scope` is handed on to the wrapped cell."""
        # Past `Layer.__call__`: no scope opens, so names are those of the unwrapped cell.
        return self._call_wrapped_cell(inputs, state, self.cell.__call__, scope=scope)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name; `cell` as class name and config."""
        cell: Any = self.cell  # not every object like a cell has a config
        name, config = type(cell).__name__, cell.get_config()
        return super().get_config() | {"cell": {"class_name": name, "config": config}}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> CellWrapper:
        """Returns a wrapper made with `config`, where ``config["cell"]`` must be a cell.

        Raises:
          UsageError: (a `ValueError`) it isn't: replace what `get_config` gave by a cell.
        """
        arguments = dict(config)
        cell = arguments.pop("cell")
        try:
            assert_like_rnncell("cell", cell)
        except TypeError as error:
            raise UsageError(
                "RNNCellWrapper cannot reconstruct the wrapped cell. Please overwrite the cell "
                "in the config with a RNNCell instance."
            ) from error
        return cls(cell, **arguments)


def _check_same_shape(inputs: Tensor, outputs: Tensor) -> None:
    inputs.shape.assert_is_compatible_with(outputs.shape)


def add_matching(inputs: Nested, outputs: Nested) -> Any:
    """Returns `inputs + outputs`, leaf by leaf.

    Raises:
      TypeError: the structures differ in type.
      ValueError: the structures or shapes differ.
    """
    tf.nest.assert_same_structure(inputs, outputs)
    tf.nest.map_structure(_check_same_shape, inputs, outputs)
    return tf.nest.map_structure(lambda before, after: before + after, inputs, outputs)


class ResidualWrapper(CellWrapper):
    """Adds a cell's inputs to its outputs. Mirrors `tf.nn.rnn_cell.ResidualWrapper`.

    Args:
      cell: the cell to wrap; its output has the shape of its inputs, [B, D].
      residual_fn: function of (inputs, outputs) that makes the outputs; by default their sum.
      **kwargs: more arguments of `Layer`.

    Raises:
      TypeError: `cell` isn't like a cell.
      ValueError: (at the call) inputs and outputs differ in shape.
    """

    def __init__(
        self, cell: RNNCellLike, residual_fn: Callable[[Any, Any], Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def _call_wrapped_cell(
        self, inputs: Nested, state: State, cell_call_fn: Callable[..., Any], **kwargs: Any
    ) -> tuple[Tensor, State]:
        outputs, new_state = cell_call_fn(inputs, state, **kwargs)
        # Inputs of the wrapped cell, before its own dropout or projection.
        return (self._residual_fn or add_matching)(inputs, outputs), new_state

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name; `residual_fn` as the function itself."""
        own = {} if self._residual_fn is None else {"residual_fn": self._residual_fn}
        return super().get_config() | own


class DeviceWrapper(CellWrapper):
    """Runs a cell on a device. Mirrors `tf.nn.rnn_cell.DeviceWrapper`.

    Args:
      cell: the cell to wrap.
      device: device string or function, as `tf.compat.v1.device` takes.
      **kwargs: more arguments of `Layer`.

    Raises:
      TypeError: `cell` isn't like a cell.
    """

    def __init__(self, cell: RNNCellLike, device: Device, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: BatchSize, dtype: DTypeLike) -> State:
        """Returns the wrapped cell's zero state, made on the device."""
        with v1.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            # The zero state as well (`DeviceWrapperBase.zero_state`).
            with v1.device(self._device):
                return self.cell.zero_state(batch_size, dtype)

    def _call_wrapped_cell(
        self, inputs: Nested, state: State, cell_call_fn: Callable[..., Any], **kwargs: Any
    ) -> tuple[Tensor, State]:
        with v1.device(self._device):
            return cell_call_fn(inputs, state, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        return super().get_config() | {"device": self._device}
