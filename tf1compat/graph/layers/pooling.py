"""Poolings of TensorFlow 1.15's `tf.layers`, as classes and functions."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.layers._arguments import (
    channels_as,
    channels_last,
    conv_lengths,
    normalize_data_format,
    normalize_padding,
    normalize_tuple,
    op_data_format,
    run_layer,
)
from tf1compat.graph.layers.base import Layer
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.types import IntOrInts, ScopeLike, ShapeLike, Tensor, TensorLike

__all__ = ["AveragePooling1D", "AveragePooling2D", "AveragePooling3D"]
__all__ += ["MaxPooling1D", "MaxPooling2D", "MaxPooling3D"]
__all__ += ["average_pooling1d", "average_pooling2d", "average_pooling3d"]
__all__ += ["max_pooling1d", "max_pooling2d", "max_pooling3d"]


class _Pooling(Layer):
    """What poolings share: a window, its strides, and no variables.

    Steps are `[batch, steps, channels]`, images `[batch, rows, columns, channels]`, volumes
    `[batch, depth, rows, columns, channels]`; with "channels_first" the channels are second.
    """

    _config = ("pool_size", "strides", "padding", "data_format")
    _rank: int  # number of spatial axes
    _pools: tuple[Any, Any] = (None, None)  # the ops over images and over volumes

    def __init__(
        self,
        pool_size: IntOrInts,
        strides: IntOrInts,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        if strides is None:
            # `tf.layers` wants strides, where Keras takes the window's size for none.
            raise UsageError("Argument `strides` must not be None.")
        super().__init__(name=name, **kwargs)
        rank = self.rank = self._rank
        self.pool_size = normalize_tuple(pool_size, rank, "pool_size")
        self.strides = normalize_tuple(strides, rank, "strides")
        self.padding = normalize_padding(padding)
        self.data_format = normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the pooled inputs."""
        first = self.data_format == "channels_first"
        padding = self.padding.upper()
        if self.rank == 2:
            # Images keep channels_first in the op itself: on a CPU the run fails, as in 1.15.
            ends = (lambda s: (1, 1, *s)) if first else (lambda s: (1, *s, 1))
            data_format = op_data_format(self.data_format, 4)
            pool = self._pools[0]
            return pool(inputs, ends(self.pool_size), ends(self.strides), padding, data_format)
        if self.rank == 3:  # the op over volumes wants its channels last
            window, strides = (1, *self.pool_size, 1), (1, *self.strides, 1)
            ordered = channels_last(inputs, self.data_format)
            return channels_as(self._pools[1](ordered, window, strides, padding), self.data_format)
        return self._pool_steps(inputs, padding)

    def _pool_steps(self, inputs: Tensor, padding: str) -> Tensor:
        """Pools `[batch, steps, channels]` as images one column wide."""
        first = self.data_format == "channels_first"
        # 1.15 pools steps by `K.pool2d`: the ops' names are those of images.
        images = tf.expand_dims(inputs, 3 if first else 2)
        images = channels_last(images, self.data_format)
        window, strides = (1, *self.pool_size, 1, 1), (1, *self.strides, 1, 1)
        outputs = channels_as(self._pools[0](images, window, strides, padding), self.data_format)
        return tf.squeeze(outputs, 3 if first else 2)

    def compute_output_shape(self, input_shape: ShapeLike) -> tf.TensorShape:
        """Returns the outputs' static shape."""
        shape = tf.TensorShape(input_shape).as_list()
        start = 2 if self.data_format == "channels_first" else 1
        end = start + self.rank
        shape[start:end] = conv_lengths(
            shape[start:end], self.pool_size, padding=self.padding, strides=self.strides
        )
        return tf.TensorShape(shape)


class _AveragePooling(_Pooling):
    _pools = (tf.compat.v1.nn.avg_pool, tf.nn.avg_pool3d)


class _MaxPooling(_Pooling):
    _pools = (tf.compat.v1.nn.max_pool, tf.nn.max_pool3d)


class AveragePooling1D(_AveragePooling):
    """Average over windows of steps; `tf.layers.AveragePooling1D`."""

    _rank = 1


class AveragePooling2D(_AveragePooling):
    """Average over windows of images; `tf.layers.AveragePooling2D`."""

    _rank = 2


class AveragePooling3D(_AveragePooling):
    """Average over windows of volumes; `tf.layers.AveragePooling3D`."""

    _rank = 3


class MaxPooling1D(_MaxPooling):
    """Max over windows of steps; `tf.layers.MaxPooling1D`."""

    _rank = 1


class MaxPooling2D(_MaxPooling):
    """Max over windows of images; `tf.layers.MaxPooling2D`."""

    _rank = 2


class MaxPooling3D(_MaxPooling):
    """Max over windows of volumes; `tf.layers.MaxPooling3D`."""

    _rank = 3


def average_pooling1d(
    inputs: TensorLike,
    pool_size: IntOrInts,
    strides: IntOrInts,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: ScopeLike = None,
) -> Tensor:
    """Average over windows of steps, as `tf.layers.average_pooling1d`."""
    return run_layer(AveragePooling1D, locals())


def average_pooling2d(
    inputs: TensorLike,
    pool_size: IntOrInts,
    strides: IntOrInts,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: ScopeLike = None,
) -> Tensor:
    """Average over windows of images, as `tf.layers.average_pooling2d`."""
    return run_layer(AveragePooling2D, locals())


def average_pooling3d(
    inputs: TensorLike,
    pool_size: IntOrInts,
    strides: IntOrInts,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: ScopeLike = None,
) -> Tensor:
    """Average over windows of volumes, as `tf.layers.average_pooling3d`."""
    return run_layer(AveragePooling3D, locals())


def max_pooling1d(
    inputs: TensorLike,
    pool_size: IntOrInts,
    strides: IntOrInts,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: ScopeLike = None,
) -> Tensor:
    """Max over windows of steps, as `tf.layers.max_pooling1d`."""
    return run_layer(MaxPooling1D, locals())


def max_pooling2d(
    inputs: TensorLike,
    pool_size: IntOrInts,
    strides: IntOrInts,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: ScopeLike = None,
) -> Tensor:
    """Max over windows of images, as `tf.layers.max_pooling2d`."""
    return run_layer(MaxPooling2D, locals())


def max_pooling3d(
    inputs: TensorLike,
    pool_size: IntOrInts,
    strides: IntOrInts,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: ScopeLike = None,
) -> Tensor:
    """Max over windows of volumes, as `tf.layers.max_pooling3d`."""
    return run_layer(MaxPooling3D, locals())
