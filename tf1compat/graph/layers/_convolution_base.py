"""What the convolutions of TensorFlow 1.15's `tf.layers` share."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.activations import resolve_activation
from tf1compat.graph.constraints import resolve_constraint
from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers._arguments import (
    ZEROS,
    channel_count,
    conv_lengths,
    normalize_data_format,
    normalize_padding,
    normalize_tuple,
    op_data_format,
)
from tf1compat.graph.layers.base import Layer
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.regularizers import resolve_regularizer
from tf1compat.graph.types import (
    ActivationLike,
    ConstraintLike,
    InitializerLike,
    IntOrInts,
    RegularizerLike,
    ScopeLike,
    ShapeLike,
    Tensor,
    Variable,
)

__all__ = ["Conv"]

_OPS = {1: tf.nn.conv1d, 2: tf.nn.conv2d, 3: tf.nn.conv3d}


class Conv(Layer):
    """What convolutions of every rank share; mirrors `Conv` below TF 1.15's `tf.layers`.

    The kernel is `[*kernel_size, input channels, filters]`, the bias `[filters]`.

    Attributes:
      rank: number of the spatial axes, which the class says.
      kernel: the weights, in the inputs' dtype.
      bias: the bias, or None.
    """

    rank: int
    _config: tuple[str, ...] = (
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "data_format",
        "dilation_rate",
        "activation",
        "use_bias",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "activity_regularizer",
        "kernel_constraint",
        "bias_constraint",
    )

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
        super().__init__(
            trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs
        )
        self.filters = filters
        self.kernel_size = normalize_tuple(kernel_size, self.rank, "kernel_size")
        self.strides = normalize_tuple(strides, self.rank, "strides")
        self.padding = normalize_padding(padding, causal=self.rank == 1)
        self.data_format = normalize_data_format(data_format)
        self.dilation_rate = normalize_tuple(dilation_rate, self.rank, "dilation_rate")
        self.activation = resolve_activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = resolve_initializer(kernel_initializer)
        self.bias_initializer = resolve_initializer(bias_initializer)
        self.kernel_regularizer = resolve_regularizer(kernel_regularizer)
        self.bias_regularizer = resolve_regularizer(bias_regularizer)
        self.kernel_constraint = resolve_constraint(kernel_constraint)
        self.bias_constraint = resolve_constraint(bias_constraint)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.kernel: Variable | None = None
        self.bias: Variable | None = None

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1

    def _kernel_shape(self, channels: int) -> tuple[int, ...]:
        return (*self.kernel_size, channels, self.filters)

    def build(self, input_shape: ShapeLike) -> None:
        """Makes `kernel` and `bias`.

        Raises:
          UsageError: (a `ValueError`) the number of channels isn't known, or both strides and
            dilations are above 1.
        """
        channels = channel_count(input_shape, self._channel_axis)
        # 1.15 made the variables, then its `nn_ops.Convolution` refused: here nothing is half made.
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise UsageError(
                f"{self.name}: strides > 1 not supported in conjunction with dilation_rate > 1 "
                f"(strides {self.strides}, dilation_rate {self.dilation_rate})"
            )
        # Kernel before bias, the order in `tf.global_variables()` of 1.15; channels before filters.
        self.kernel = self.add_weight(
            "kernel",
            shape=self._kernel_shape(channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        self.built = True

    def _add_bias(self, size: int) -> None:
        if not self.use_bias:
            return
        self.bias = self.add_weight(
            "bias",
            shape=(size,),
            initializer=self.bias_initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the activations, with `filters` channels."""
        outputs = self._convolve(self._pad_causally(inputs))
        return self.activation(self._with_bias(outputs))

    def _convolve(self, inputs: Tensor) -> Tensor:
        padding = "VALID" if self.padding == "causal" else self.padding.upper()
        data_format = op_data_format(self.data_format, self.rank + 2)
        if max(self.dilation_rate) > 1:  # the CPU's dilated kernels have no gradients
            return tf.nn.convolution(
                inputs,
                self.kernel,
                strides=self.strides,
                padding=padding,
                data_format=data_format,
                dilations=self.dilation_rate,
            )
        strides = (1, *self.strides, 1)
        if self.data_format == "channels_first":
            strides = (1, 1, *self.strides)
        window: IntOrInts = self.strides[0] if self.rank == 1 else strides
        return _OPS[self.rank](inputs, self.kernel, window, padding, data_format)

    def _pad_causally(self, inputs: Tensor) -> Tensor:
        if self.padding != "causal":
            return inputs
        # Zeros before the first step only, so that no output sees a later one (`Conv1D.call`).
        left = self.dilation_rate[0] * (self.kernel_size[0] - 1)
        last = [[left, 0], [0, 0]] if self.data_format == "channels_last" else [[0, 0], [left, 0]]
        return tf.pad(inputs, [[0, 0], *last])

    def _with_bias(self, outputs: Tensor) -> Tensor:
        if self.bias is None:
            return outputs
        if self.data_format == "channels_last":
            return tf.nn.bias_add(outputs, self.bias, data_format="NHWC")
        if self.rank == 1:  # `bias_add` has no NCW
            return outputs + tf.reshape(self.bias, (1, self.filters, 1))
        # Also of volumes, as `Conv.call` of 1.15 has it: NCHW stands for "channels second".
        return tf.nn.bias_add(outputs, self.bias, data_format="NCHW")

    def compute_output_shape(self, input_shape: ShapeLike) -> tf.TensorShape:
        """Returns the outputs' static shape."""
        shape = tf.TensorShape(input_shape).as_list()
        first = self.data_format == "channels_first"
        space = conv_lengths(
            shape[2:] if first else shape[1:-1],
            self.kernel_size,
            padding=self.padding,
            strides=self.strides,
            dilations=self.dilation_rate,
        )
        tail = [self.filters, *space] if first else [*space, self.filters]
        return tf.TensorShape([shape[0], *tail])
