"""What a layer demands of its inputs: rank, dtype, sizes (1.15's `tf.layers.InputSpec`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.types import DTypeLike, Nested, Tensor

__all__ = ["InputSpec", "check_inputs"]


class InputSpec:
    """Rank, dtype and sizes that one input of a layer must have.

    Mirrors `tf.layers.InputSpec` of TensorFlow 1.15. `None` anywhere accepts anything.

    Attributes:
      dtype: name of the expected dtype, e.g. ``"float32"``, or None.
      shape: expected shape, whose `None` entries accept any size, or None.
      ndim: expected rank, or None.
      max_ndim: greatest rank accepted, or None.
      min_ndim: least rank accepted, or None.
      axes: expected size by axis, e.g. ``{-1: 3}``.

    Raises:
      TypeError: a key of `axes` is not an integer.
      ValueError: an axis of `axes` is beyond the rank.
    """

    def __init__(
        self,
        dtype: DTypeLike | None = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
    ) -> None:
        self.dtype = tf.as_dtype(dtype).name if dtype is not None else None
        self.shape = shape
        # A shape fixes the rank, whatever `ndim` says.
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (ValueError, TypeError) as error:
            raise TypeError("The keys in axes must be integers.") from error
        greatest_rank = self.ndim or self.max_ndim
        if self.axes and greatest_rank is not None and max(self.axes) > greatest_rank - 1:
            raise UsageError(
                f"Axis {max(self.axes)} is greater than the maximum allowed value: "
                f"{greatest_rank - 1}"
            )

    def __repr__(self) -> str:
        shown = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        parts = [f"{name}={getattr(self, name)}" for name in shown if getattr(self, name)]
        return f"InputSpec({', '.join(parts)})"

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        return {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InputSpec:
        """Returns the spec that `get_config` described."""
        return cls(**config)


def check_inputs(spec: Any, inputs: Nested, layer_name: str) -> None:
    """Checks `inputs` against `spec`, an `InputSpec`, a structure of them, or None.

    Raises:
      UsageError: (a `ValueError`) an input doesn't fit; the message is in TF 1.15's terms.
    """
    if not spec:
        return
    tensors = tf.nest.flatten(inputs)
    specs = [spec] if isinstance(spec, InputSpec) else tf.nest.flatten(spec)
    if len(tensors) != len(specs):
        raise UsageError(
            f"Layer {layer_name} expects {len(specs)} inputs, but it received {len(tensors)} "
            f"input tensors. Inputs received: {tensors}"
        )
    for index, (tensor, one) in enumerate(zip(tensors, specs, strict=True)):
        complaint = None if one is None else _complaint(tensor, one)
        if complaint:
            raise UsageError(
                f"Input {index} of layer {layer_name} is incompatible with the layer: {complaint}"
            )


def _complaint(tensor: Tensor, spec: InputSpec) -> str | None:
    """Returns what is wrong with `tensor`, or None."""
    shape = tensor.shape
    rank = shape.rank
    if rank is None:
        if (spec.ndim, spec.min_ndim, spec.max_ndim) == (None, None, None):
            return _dtype_complaint(tensor, spec)
        return "its rank is undefined, but the layer requires a defined rank."
    received = f"Full shape received: {shape.as_list()}"
    if spec.ndim is not None and rank != spec.ndim:
        return f"expected ndim={spec.ndim}, found ndim={rank}. {received}"
    if spec.max_ndim is not None and rank > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={rank}. {received}"
    if spec.min_ndim is not None and rank < spec.min_ndim:
        return f"expected min_ndim={spec.min_ndim}, found ndim={rank}. {received}"
    return _dtype_complaint(tensor, spec) or _size_complaint(shape.as_list(), spec)


def _dtype_complaint(tensor: Tensor, spec: InputSpec) -> str | None:
    if spec.dtype is None or tensor.dtype.base_dtype == tf.as_dtype(spec.dtype):
        return None
    return f"expected dtype={spec.dtype}, found dtype={tensor.dtype}"


def _size_complaint(shape: list[int | None], spec: InputSpec) -> str | None:
    for axis, size in spec.axes.items():
        # 1.15 gave `axes` whose sizes were `tf.Dimension`, with a `value`.
        wanted = getattr(size, "value", size)
        if wanted is not None and shape[axis] not in (wanted, None):
            return (
                f"expected axis {axis} of input shape to have value {wanted} "
                f"but received input with shape {shape}"
            )
    for wanted, size in zip(spec.shape or (), shape, strict=False):
        if wanted is not None and size is not None and wanted != size:
            return f"expected shape={spec.shape}, found shape={shape}"
    return None
