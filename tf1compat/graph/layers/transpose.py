"""Transposed convolutions of TensorFlow 1.15's `tf.layers`, as classes and functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.layers._arguments import (
    ZEROS,
    channels_as,
    channels_last,
    normalize_tuple,
    op_data_format,
    own_arguments,
    run_layer,
    transposed_length,
)
from tf1compat.graph.layers._convolution_base import Conv
from tf1compat.graph.types import (
    ActivationLike,
    BatchSize,
    ConstraintLike,
    InitializerLike,
    IntOrInts,
    RegularizerLike,
    Reuse,
    ScopeLike,
    ShapeLike,
    Tensor,
    TensorLike,
)

__all__ = ["Conv2DTranspose", "Conv3DTranspose", "conv2d_transpose", "conv3d_transpose"]

v1 = tf.compat.v1


class _ConvTranspose(Conv):
    """What transposed convolutions share: the kernel is `[*kernel_size, filters, channels]`."""

    _config = (*(name for name in Conv._config if name != "dilation_rate"), "output_padding")

    def __init__(self, output_padding: IntOrInts | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_padding: tuple[int, ...] | None = None
        if output_padding is None:
            return
        self.output_padding = normalize_tuple(output_padding, self.rank, "output_padding")
        if any(
            pad >= stride for pad, stride in zip(self.output_padding, self.strides, strict=True)
        ):
            raise UsageError(
                f"Stride {self.strides} must be greater than output padding {self.output_padding}"
            )

    def _kernel_shape(self, channels: int) -> tuple[int, ...]:
        # Filters before channels: the kernel of the convolution whose gradient this is.
        return (*self.kernel_size, self.filters, channels)

    def _out_lengths(self, lengths: Sequence[int | Tensor | None]) -> list[int | Tensor | None]:
        padded = self.output_padding or (None,) * self.rank
        return [
            transposed_length(
                length,
                size=self.kernel_size[axis],
                padding=self.padding,
                stride=self.strides[axis],
                output_padding=padded[axis],
                dilation=self.dilation_rate[axis],
            )
            for axis, length in enumerate(lengths)
        ]

    def _convolve(self, inputs: Tensor) -> Tensor:
        # 1.15 always read sizes off the graph; static ones make the same shape with fewer nodes.
        dynamic: Any = None if inputs.shape.is_fully_defined() else v1.shape(inputs)
        sizes = [
            size if size is not None else dynamic[axis]
            for axis, size in enumerate(inputs.shape.as_list())
        ]
        first = self.data_format == "channels_first"
        lengths = self._out_lengths(sizes[2:] if first else sizes[1:-1])
        outputs = self._transpose(inputs, sizes[0], lengths)
        # The op can't infer a shape that is computed in the graph.
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def _transpose(
        self, inputs: Tensor, batch: BatchSize, lengths: Sequence[int | Tensor | None]
    ) -> Tensor:
        """Returns the transposed convolution with spatial sizes `lengths`, without bias."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: ShapeLike) -> tf.TensorShape:
        """Returns the outputs' static shape."""
        shape = tf.TensorShape(input_shape).as_list()
        if self.data_format == "channels_first":
            return tf.TensorShape([shape[0], self.filters, *self._out_lengths(shape[2:])])
        return tf.TensorShape([shape[0], *self._out_lengths(shape[1:-1]), self.filters])


class Conv2DTranspose(_ConvTranspose):
    """Transposed convolution over images; mirrors `tf.layers.Conv2DTranspose` of 1.15."""

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
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

    def _transpose(
        self, inputs: Tensor, batch: BatchSize, lengths: Sequence[int | Tensor | None]
    ) -> Tensor:
        # Channels go last and back, as in 1.15 on CPUs, whose kernels know no other order.
        inputs = channels_last(inputs, self.data_format)
        shape = tf.stack([batch, *lengths, self.filters])
        padding = self.padding.upper()
        if self.dilation_rate == (1, 1):
            strides = (1, *self.strides, 1)
            outputs = tf.nn.conv2d_transpose(inputs, self.kernel, shape, strides, padding)
        else:
            # One rate for both axes: `atrous_conv2d_transpose` knows no other, and 1.15 asserts it.
            rate = self.dilation_rate[0]
            outputs = tf.nn.atrous_conv2d_transpose(inputs, self.kernel, shape, rate, padding)
        return channels_as(outputs, self.data_format)


class Conv3DTranspose(_ConvTranspose):
    """Transposed convolution over volumes; mirrors `tf.layers.Conv3DTranspose` of 1.15."""

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: IntOrInts,
        strides: IntOrInts = (1, 1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
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

    def _transpose(
        self, inputs: Tensor, batch: BatchSize, lengths: Sequence[int | Tensor | None]
    ) -> Tensor:
        first = self.data_format == "channels_first"
        sizes = [batch, self.filters, *lengths] if first else [batch, *lengths, self.filters]
        return tf.nn.conv3d_transpose(
            inputs,
            self.kernel,
            output_shape=tf.stack(sizes),
            strides=(1, 1, *self.strides) if first else (1, *self.strides, 1),
            padding=self.padding.upper(),
            data_format=op_data_format(self.data_format, 5),
        )


def conv2d_transpose(
    inputs: TensorLike,
    filters: int,
    kernel_size: IntOrInts,
    strides: IntOrInts = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
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
    """Transposed convolution of images, as `tf.layers.conv2d_transpose` of TensorFlow 1.15."""
    return run_layer(Conv2DTranspose, locals())


def conv3d_transpose(
    inputs: TensorLike,
    filters: int,
    kernel_size: IntOrInts,
    strides: IntOrInts = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
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
    """Transposed convolution of volumes, as `tf.layers.conv3d_transpose` of TensorFlow 1.15."""
    return run_layer(Conv3DTranspose, locals())
