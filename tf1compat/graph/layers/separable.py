"""Separable convolutions of TensorFlow 1.15's `tf.layers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.graph.constraints import resolve_constraint
from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers._arguments import (
    ZEROS,
    channel_count,
    op_data_format,
    own_arguments,
    run_layer,
)
from tf1compat.graph.layers._convolution_base import Conv
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.regularizers import resolve_regularizer
from tf1compat.graph.types import (
    ActivationLike,
    ConstraintLike,
    InitializerLike,
    IntOrInts,
    RegularizerLike,
    Reuse,
    ScopeLike,
    ShapeLike,
    Tensor,
    TensorLike,
    Variable,
)

__all__ = ["SeparableConv", "SeparableConv1D", "SeparableConv2D"]
__all__ += ["separable_conv1d", "separable_conv2d"]


# Variables: depthwise, pointwise, bias, in this order (`SeparableConv.build`).
class SeparableConv(Conv):
    """A depthwise convolution, then a pointwise one; what both ranks of it share.

    `depthwise_kernel` is `[*kernel_size, channels, depth_multiplier]`, `pointwise_kernel`
    `[1, ..., channels * depth_multiplier, filters]`, the bias `[filters]`.
    """

    _config = (
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "data_format",
        "dilation_rate",
        "depth_multiplier",
        "activation",
        "use_bias",
        "depthwise_initializer",
        "pointwise_initializer",
        "bias_initializer",
        "depthwise_regularizer",
        "pointwise_regularizer",
        "bias_regularizer",
        "activity_regularizer",
        "depthwise_constraint",
        "pointwise_constraint",
        "bias_constraint",
    )

    def __init__(
        self,
        depth_multiplier: int = 1,
        depthwise_initializer: InitializerLike = None,
        pointwise_initializer: InitializerLike = None,
        depthwise_regularizer: RegularizerLike = None,
        pointwise_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        pointwise_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = resolve_initializer(depthwise_initializer)
        self.pointwise_initializer = resolve_initializer(pointwise_initializer)
        self.depthwise_regularizer = resolve_regularizer(depthwise_regularizer)
        self.pointwise_regularizer = resolve_regularizer(pointwise_regularizer)
        self.depthwise_constraint = resolve_constraint(depthwise_constraint)
        self.pointwise_constraint = resolve_constraint(pointwise_constraint)
        self.depthwise_kernel: Variable | None = None
        self.pointwise_kernel: Variable | None = None

    def build(self, input_shape: ShapeLike) -> None:
        """Makes `depthwise_kernel`, `pointwise_kernel` and `bias`."""
        channels = channel_count(input_shape, self._channel_axis)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        ones = (1,) * self.rank
        self.pointwise_kernel = self.add_weight(
            "pointwise_kernel",
            shape=(*ones, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self._add_bias(self.filters)
        self.built = True

    def _separate(
        self,
        inputs: Tensor,
        *,
        depthwise: Tensor | None,
        pointwise: Tensor | None,
        strides: Sequence[int],
        rate: Sequence[int],
    ) -> Tensor:
        """Runs both convolutions and adds the bias, over `[batch, rows, columns, channels]`."""
        data_format = op_data_format(self.data_format, 4)
        ends = (1, 1, *strides) if self.data_format == "channels_first" else (1, *strides, 1)
        # No activation or bias between the two convolutions.
        outputs = tf.compat.v1.nn.separable_conv2d(
            inputs,
            depthwise,
            pointwise,
            strides=ends,
            padding="VALID" if self.padding == "causal" else self.padding.upper(),
            rate=rate,
            data_format=data_format,
        )
        if self.bias is None:
            return outputs
        return tf.nn.bias_add(outputs, self.bias, data_format=data_format)


class SeparableConv1D(SeparableConv):
    """Separable convolution over `[batch, steps, channels]`; mirrors `tf.layers.SeparableConv1D`.

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
        depth_multiplier: int = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = None,
        pointwise_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = ZEROS,
        depthwise_regularizer: RegularizerLike = None,
        pointwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        pointwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        trainable: bool = True,
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**own_arguments(locals()))

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the activations, with `filters` channels."""
        axis = 1 if self.data_format == "channels_last" else 2
        rows = tf.expand_dims(self._pad_causally(inputs), axis)
        outputs = self._separate(
            rows,
            depthwise=tf.expand_dims(self.depthwise_kernel, 0),
            pointwise=tf.expand_dims(self.pointwise_kernel, 0),
            # The stride serves the added axis of size 1 too: the op takes none that differ.
            strides=self.strides * 2,
            rate=(1, *self.dilation_rate),
        )
        return self.activation(tf.squeeze(outputs, [axis]))


class SeparableConv2D(SeparableConv):
    """Separable convolution over images; mirrors `tf.layers.SeparableConv2D`."""

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: IntOrInts = (1, 1),
        depth_multiplier: int = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = None,
        pointwise_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = ZEROS,
        depthwise_regularizer: RegularizerLike = None,
        pointwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        pointwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        trainable: bool = True,
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**own_arguments(locals()))

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the activations, with `filters` channels."""
        outputs = self._separate(
            inputs,
            depthwise=self.depthwise_kernel,
            pointwise=self.pointwise_kernel,
            strides=self.strides,
            rate=self.dilation_rate,
        )
        return self.activation(outputs)


def separable_conv1d(
    inputs: TensorLike,
    filters: int,
    kernel_size: IntOrInts,
    strides: IntOrInts = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: IntOrInts = 1,
    depth_multiplier: int = 1,
    activation: ActivationLike = None,
    use_bias: bool = True,
    depthwise_initializer: InitializerLike = None,
    pointwise_initializer: InitializerLike = None,
    bias_initializer: InitializerLike = ZEROS,
    depthwise_regularizer: RegularizerLike = None,
    pointwise_regularizer: RegularizerLike = None,
    bias_regularizer: RegularizerLike = None,
    activity_regularizer: RegularizerLike = None,
    depthwise_constraint: ConstraintLike = None,
    pointwise_constraint: ConstraintLike = None,
    bias_constraint: ConstraintLike = None,
    trainable: bool = True,
    name: ScopeLike = None,
    reuse: Reuse = None,
) -> Tensor:
    """Convolves `[batch, steps, channels]`, as `tf.layers.separable_conv1d` of TensorFlow 1.15."""
    return run_layer(SeparableConv1D, locals())


def separable_conv2d(
    inputs: TensorLike,
    filters: int,
    kernel_size: IntOrInts,
    strides: IntOrInts = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: IntOrInts = (1, 1),
    depth_multiplier: int = 1,
    activation: ActivationLike = None,
    use_bias: bool = True,
    depthwise_initializer: InitializerLike = None,
    pointwise_initializer: InitializerLike = None,
    bias_initializer: InitializerLike = ZEROS,
    depthwise_regularizer: RegularizerLike = None,
    pointwise_regularizer: RegularizerLike = None,
    bias_regularizer: RegularizerLike = None,
    activity_regularizer: RegularizerLike = None,
    depthwise_constraint: ConstraintLike = None,
    pointwise_constraint: ConstraintLike = None,
    bias_constraint: ConstraintLike = None,
    trainable: bool = True,
    name: ScopeLike = None,
    reuse: Reuse = None,
) -> Tensor:
    """Convolves `[batch, rows, columns, channels]`, as `tf.layers.separable_conv2d` of 1.15."""
    return run_layer(SeparableConv2D, locals())
