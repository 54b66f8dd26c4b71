"""Checks and small arithmetic that convolutions and poolings share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.types import IntOrInts, ShapeLike, Tensor, TensorLike

__all__ = [
    "ONES",
    "ZEROS",
    "as_tensor",
    "channel_count",
    "channels_as",
    "channels_last",
    "conv_lengths",
    "normalize_data_format",
    "normalize_padding",
    "normalize_tuple",
    "op_data_format",
    "own_arguments",
    "run_layer",
    "transposed_length",
]

# What `bias_initializer` and its like default to.
# One instance serves every default, as in the signatures of 1.15's `tf.layers`.
ZEROS = tf.compat.v1.zeros_initializer()
ONES = tf.compat.v1.ones_initializer()

# Of a constructor's locals: `__class__` is there where `super()` is.
_NOT_GIVEN = ("self", "__class__", "kwargs")

# Among the `locals()` of a function that AutoGraph rewrote, inside of a `tf.function`.
_OF_AUTOGRAPH = ("ag__", "fscope", "do_return", "retval_")

_OP_FORMATS = {
    "channels_last": {3: "NWC", 4: "NHWC", 5: "NDHWC"},
    "channels_first": {3: "NCW", 4: "NCHW", 5: "NCDHW"},
}


def as_tensor(value: TensorLike, name: str | None = None) -> Tensor:
    """Returns `value` as a tensor of the current graph."""
    return tf.convert_to_tensor(value, name=name)


def own_arguments(names: dict[str, Any]) -> dict[str, Any]:
    """Returns the arguments of a constructor for the one that it extends.

    Args:
      names: `locals()` before there is any other: the arguments, and what goes as `kwargs`. The
        constructor itself says only what 1.15 calls them, in which order, and what they default to.
    """
    given = {key: value for key, value in names.items() if key not in _NOT_GIVEN}
    return {**given, **names["kwargs"]}


def run_layer(layer_class: type, arguments: dict[str, Any], *call_names: str) -> Any:
    """Makes the layer that a function form's `arguments` describe, and calls it.

    Args:
      layer_class: the layer's class.
      arguments: the function's arguments by name; `inputs` and those in `call_names` go to the
        call, `name` is the scope too, and `reuse` becomes the class's `_reuse`.
      *call_names: arguments of the call other than the inputs.
    """
    options = {key: value for key, value in arguments.items() if key not in _OF_AUTOGRAPH}
    inputs = options.pop("inputs")
    call = {name: options.pop(name) for name in call_names}
    # 1.15's functions with variables pass `_scope=name`: the name itself, never made unique.
    if "reuse" in options:
        options["_reuse"] = options.pop("reuse")
        options["_scope"] = options["name"]
    return layer_class(**options)(inputs, **call)


def normalize_tuple(value: IntOrInts, count: int, name: str) -> tuple[int, ...]:
    """Returns `value`, an integer or `count` integers, as a tuple of `count` integers.

    Raises:
      UsageError: (a `ValueError`) anything else.
    """
    # A bool passes, and so does 2.0: `conv_utils.normalize_tuple` asks only that `int()` takes it.
    if isinstance(value, int):
        return (value,) * count
    complaint = f"The `{name}` argument must be a tuple of {count} integers. Received: {value}"
    try:
        sizes = tuple(value)
        for size in sizes:
            int(size)
    except (TypeError, ValueError) as error:
        raise UsageError(complaint) from error
    if len(sizes) != count:
        raise UsageError(complaint)
    return sizes


def normalize_padding(value: str, *, causal: bool = False) -> str:
    """Returns a padding in lower case.

    Raises:
      UsageError: (a `ValueError`) neither "valid" nor "same", nor "causal" where that's possible.
    """
    padding = value.lower()
    if padding == "causal" and not causal:
        raise UsageError("Causal padding is only supported for `Conv1D` and `SeparableConv1D`.")
    if padding not in ("valid", "same", "causal"):
        raise UsageError(
            "The `padding` argument must be one of "
            f'"valid", "same" (or "causal", only for `Conv1D`). Received: {value}'
        )
    return padding


def normalize_data_format(value: str | None) -> str:
    """Returns "channels_last" (also for None) or "channels_first".

    Raises:
      UsageError: (a `ValueError`) anything else.
    """
    # None was Keras' configured `image_data_format()`, channels_last unless somebody changed it.
    data_format = "channels_last" if value is None else value.lower()
    if data_format not in _OP_FORMATS:
        raise UsageError(
            'The `data_format` argument must be one of "channels_first", "channels_last". '
            f"Received: {value}"
        )
    return data_format


def op_data_format(data_format: str, rank: int) -> str:
    """Returns the ops' name of a data format for tensors of this rank.

    >>> op_data_format("channels_first", 4)
    'NCHW'
    """
    return _OP_FORMATS[data_format][rank]


def channel_count(input_shape: ShapeLike, axis: int) -> int:
    """Returns the number of input channels.

    Raises:
      UsageError: (a `ValueError`) it isn't known as the graph is built.
    """
    channels = tf.TensorShape(input_shape)[axis]
    if channels is None:
        raise UsageError("The channel dimension of the inputs should be defined. Found `None`.")
    return int(channels)


def conv_length(
    length: int | None, *, size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """Returns the length of a convolution's or pooling's output along one axis.

    >>> conv_length(10, size=3, padding="valid", stride=2)
    4
    """
    if length is None:
        return None
    window = size + (size - 1) * (dilation - 1)
    # "causal" counts as "same": what it pads on the left makes up for the window.
    taken = length - window + 1 if padding == "valid" else length
    return (taken + stride - 1) // stride


def conv_lengths(
    lengths: Sequence[int | None],
    sizes: Sequence[int],
    *,
    padding: str,
    strides: Sequence[int],
    dilations: Sequence[int] | None = None,
) -> list[int | None]:
    """Returns the lengths of a convolution's or pooling's output along all spatial axes."""
    rates = dilations or [1] * len(sizes)
    return [
        conv_length(length, size=size, padding=padding, stride=stride, dilation=rate)
        for length, size, stride, rate in zip(lengths, sizes, strides, rates, strict=True)
    ]


def channels_last(inputs: Tensor, data_format: str) -> Tensor:
    """Returns `inputs` with their channels last, for kernels that know no other order."""
    if data_format == "channels_last":
        return inputs
    return tf.transpose(inputs, (0, *range(2, len(inputs.shape)), 1))


def channels_as(outputs: Tensor, data_format: str) -> Tensor:
    """Returns `outputs`, whose channels are last, with the channels where `data_format` says."""
    if data_format == "channels_last":
        return outputs
    rank = len(outputs.shape)
    return tf.transpose(outputs, (0, rank - 1, *range(1, rank - 1)))


def transposed_length(
    length: int | Tensor | None,
    *,
    size: int,
    padding: str,
    stride: int,
    output_padding: int | None,
    dilation: int,
) -> int | Tensor | None:
    """Returns the length of a transposed convolution's output; `length` may be a tensor or None.

    >>> transposed_length(4, size=3, padding="valid", stride=2, output_padding=None, dilation=1)
    9
    """
    if length is None:
        return None
    window = size + (size - 1) * (dilation - 1)
    if output_padding is not None:
        # Only an output padding makes the length exact (`conv_utils.deconv_output_length`).
        pad = window // 2 if padding == "same" else 0
        return (length - 1) * stride + window - 2 * pad + output_padding
    # "valid" adds what of the window goes beyond a stride, "same" nothing.
    grown = length * stride
    extra = max(window - stride, 0) if padding == "valid" else 0
    # Nothing is added to a tensor for nothing: 1.15's graphs had an `Add` of 0 here.
    return grown + extra if extra else grown
