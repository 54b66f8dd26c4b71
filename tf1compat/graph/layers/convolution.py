"""Convolutions of TensorFlow 1.15's `tf.layers`, as classes and functions."""

from __future__ import annotations

from typing import Any

from tf1compat.graph.layers._arguments import ZEROS, own_arguments, run_layer
from tf1compat.graph.layers._convolution_base import Conv
from tf1compat.graph.types import (
    ActivationLike,
    ConstraintLike,
    InitializerLike,
    IntOrInts,
    RegularizerLike,
    Reuse,
    ScopeLike,
    Tensor,
    TensorLike,
)

__all__ = ["Conv1D", "Conv2D", "Conv3D", "conv1d", "conv2d", "conv3d"]


# `kernel_initializer=None`, where Keras says "glorot_uniform": in `tf.layers` the initializer of
# the variable scope comes first, and Glorot uniform where that has none.
class Conv1D(Conv):
    """Convolution over `[batch, steps, channels]`; mirrors `tf.layers.Conv1D`.

    `padding` may be "causal".
    """

    rank = 1

    def __init__(
        self,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: IntOrInts = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = ZEROS,
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        trainable: bool = True,
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**own_arguments(locals()))


def conv1d(
    inputs: TensorLike,
    filters: int,
    kernel_size: IntOrInts,
    strides: IntOrInts = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: IntOrInts = 1,
    activation: ActivationLike = None,
    use_bias: bool = True,
    kernel_initializer: InitializerLike = None,
    bias_initializer: InitializerLike = ZEROS,
    kernel_regularizer: RegularizerLike = None,
    bias_regularizer: RegularizerLike = None,
    activity_regularizer: RegularizerLike = None,
    kernel_constraint: ConstraintLike = None,
    bias_constraint: ConstraintLike = None,
    trainable: bool = True,
    name: ScopeLike = None,
    reuse: Reuse = None,
) -> Tensor:
    """Convolves `[batch, steps, channels]` as `tf.layers.conv1d`; see `Conv`."""
    return run_layer(Conv1D, locals())


class Conv2D(Conv):
    """Convolution over `[batch, rows, columns, channels]`; mirrors `tf.layers.Conv2D`."""

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: IntOrInts = (1, 1),
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = ZEROS,
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        trainable: bool = True,
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**own_arguments(locals()))


def conv2d(
    inputs: TensorLike,
    filters: int,
    kernel_size: IntOrInts,
    strides: IntOrInts = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: IntOrInts = (1, 1),
    activation: ActivationLike = None,
    use_bias: bool = True,
    kernel_initializer: InitializerLike = None,
    bias_initializer: InitializerLike = ZEROS,
    kernel_regularizer: RegularizerLike = None,
    bias_regularizer: RegularizerLike = None,
    activity_regularizer: RegularizerLike = None,
    kernel_constraint: ConstraintLike = None,
    bias_constraint: ConstraintLike = None,
    trainable: bool = True,
    name: ScopeLike = None,
    reuse: Reuse = None,
) -> Tensor:
    """Convolves `[batch, rows, columns, channels]` as `tf.layers.conv2d`; see `Conv`."""
    return run_layer(Conv2D, locals())


class Conv3D(Conv):
    """Convolution over `[batch, depth, rows, columns, channels]`; mirrors `tf.layers.Conv3D`."""

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = (1, 1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: IntOrInts = (1, 1, 1),
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = ZEROS,
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        trainable: bool = True,
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**own_arguments(locals()))


def conv3d(
    inputs: TensorLike,
    filters: int,
    kernel_size: IntOrInts,
    strides: IntOrInts = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: IntOrInts = (1, 1, 1),
    activation: ActivationLike = None,
    use_bias: bool = True,
    kernel_initializer: InitializerLike = None,
    bias_initializer: InitializerLike = ZEROS,
    kernel_regularizer: RegularizerLike = None,
    bias_regularizer: RegularizerLike = None,
    activity_regularizer: RegularizerLike = None,
    kernel_constraint: ConstraintLike = None,
    bias_constraint: ConstraintLike = None,
    trainable: bool = True,
    name: ScopeLike = None,
    reuse: Reuse = None,
) -> Tensor:
    """Convolves `[batch, depth, rows, columns, channels]`, as `tf.layers.conv3d`; see `Conv`."""
    return run_layer(Conv3D, locals())
