"""`DepthwiseConv2D`, which TF 1.15 had in `tf.keras.layers` only, under a variable scope."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.constraints import resolve_constraint
from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers._arguments import (
    ZEROS,
    channel_count,
    channels_as,
    channels_last,
    conv_lengths,
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

__all__ = ["DepthwiseConv2D", "depthwise_conv2d"]


class DepthwiseConv2D(Conv):
    """Convolves each channel of images by itself; mirrors `tf.keras.layers.DepthwiseConv2D`.

    `depthwise_kernel` is `[*kernel_size, channels, depth_multiplier]`, the bias
    `[channels * depth_multiplier]`. TF 1.15's `tf.layers` has no such layer: names are Keras',
    scope and collections are those of every other layer here.

    Attributes:
      depthwise_kernel: the weights, in the inputs' dtype.
    """

    rank = 2
    _config = (
        "kernel_size",
        "strides",
        "padding",
        "depth_multiplier",
        "data_format",
        "dilation_rate",
        "activation",
        "use_bias",
        "depthwise_initializer",
        "bias_initializer",
        "depthwise_regularizer",
        "bias_regularizer",
        "activity_regularizer",
        "depthwise_constraint",
        "bias_constraint",
    )

    def __init__(
        self,
        kernel_size: IntOrInts,
        strides: IntOrInts = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str = "channels_last",
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = ZEROS,
        depthwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            # Not known before the inputs are: `build` sets it, and with it the bias' size.
            filters=0,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = resolve_initializer(depthwise_initializer)
        self.depthwise_regularizer = resolve_regularizer(depthwise_regularizer)
        self.depthwise_constraint = resolve_constraint(depthwise_constraint)
        self.depthwise_kernel: Variable | None = None

    def build(self, input_shape: ShapeLike) -> None:
        """Makes `depthwise_kernel` and `bias`."""
        if (tf.TensorShape(input_shape).rank or 0) < 4:
            raise UsageError(
                "Inputs to `DepthwiseConv2D` should have rank 4. Received input shape: "
                f"{input_shape}"
            )
        channels = channel_count(input_shape, self._channel_axis)
        # [..., channels, multiplier]: not a convolution's order, though of the same rank.
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.filters = channels * self.depth_multiplier
        self._add_bias(self.filters)
        self.input_spec = InputSpec(ndim=4, axes={self._channel_axis: channels})
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the activations, with `channels * depth_multiplier` channels."""
        outputs = tf.compat.v1.nn.depthwise_conv2d(
            channels_last(inputs, self.data_format),  # the CPU has no other kernel
            self.depthwise_kernel,
            strides=(1, *self.strides, 1),
            padding=self.padding.upper(),
            rate=self.dilation_rate,
        )
        if self.bias is not None:
            outputs = tf.nn.bias_add(outputs, self.bias)
        return self.activation(channels_as(outputs, self.data_format))

    def compute_output_shape(self, input_shape: ShapeLike) -> tf.TensorShape:
        """Returns the outputs' static shape."""
        shape = tf.TensorShape(input_shape).as_list()
        first = self.data_format == "channels_first"
        axis = 1 if first else 3
        start = 2 if first else 1
        shape[axis] = None if shape[axis] is None else shape[axis] * self.depth_multiplier
        shape[start : start + 2] = conv_lengths(
            shape[start : start + 2],
            self.kernel_size,
            padding=self.padding,
            strides=self.strides,
            dilations=self.dilation_rate,
        )
        return tf.TensorShape(shape)


def depthwise_conv2d(
    inputs: TensorLike,
    kernel_size: IntOrInts,
    strides: IntOrInts = (1, 1),
    padding: str = "valid",
    depth_multiplier: int = 1,
    data_format: str = "channels_last",
    dilation_rate: IntOrInts = (1, 1),
    activation: ActivationLike = None,
    use_bias: bool = True,
    depthwise_initializer: InitializerLike = None,
    bias_initializer: InitializerLike = ZEROS,
    depthwise_regularizer: RegularizerLike = None,
    bias_regularizer: RegularizerLike = None,
    activity_regularizer: RegularizerLike = None,
    depthwise_constraint: ConstraintLike = None,
    bias_constraint: ConstraintLike = None,
    trainable: bool = True,
    name: ScopeLike = None,
    reuse: Reuse = None,
) -> Tensor:
    """Convolves each channel of images by itself; see `DepthwiseConv2D`."""
    return run_layer(DepthwiseConv2D, locals())
