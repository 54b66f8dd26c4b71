"""Moving averages and batch renormalization, below `BatchNormalization`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.building import beside
from tf1compat.graph.layers._calling import choose
from tf1compat.graph.types import IntOrInts, Number, Tensor, Training, Variable

__all__ = ["assign_moving_average", "assign_moving_variance", "checked_axes", "composed"]
__all__ += ["fused_moments", "renormalize"]

v1 = tf.compat.v1


class Renormalized(Protocol):
    """What renormalization reads of its layer."""

    epsilon: float
    momentum: float
    renorm_momentum: float
    renorm_clipping: dict[str, Number]
    moving_variance: Variable
    moving_stddev: Variable
    renorm_mean: Variable
    renorm_stddev: Variable


def require_supported(
    axis: object, renorm_clipping: Mapping[str, Number] | None, virtual_batch_size: int | None
) -> None:
    """Refuses what 1.15 refuses when the layer is made, and virtual batches, which it had."""
    if virtual_batch_size is not None:
        raise UsageError(
            "batch_normalization: virtual_batch_size is not supported; split the batch and "
            "share the layer's scope instead"
        )
    if not isinstance(axis, int | list | tuple):
        raise TypeError(f"axis must be int or list, type given: {type(axis)}")
    if set(renorm_clipping or {}) - {"rmax", "rmin", "dmax"}:
        raise UsageError(
            f"renorm_clipping {renorm_clipping} contains keys not in ['rmax', 'rmin', 'dmax']"
        )


def checked_axes(axis: IntOrInts, shape: tf.TensorShape) -> list[int]:
    """Returns the axes to normalize along, none of them negative.

    Raises:
      UsageError: (a `ValueError`) an axis the shape lacks or doesn't tell, or one given twice.
    """
    if not shape.rank:
        raise UsageError(f"Input has undefined rank: {shape}")
    given = [axis] if isinstance(axis, int) else axis
    axes = [one if one >= 0 else shape.rank + one for one in given]
    for one in axes:
        if not 0 <= one < shape.rank:
            raise UsageError(f"Invalid axis: {one}")
        if shape[one] is None:
            raise UsageError(f"Input has undefined `axis` dimension. Input shape: {shape}")
    if len(set(axes)) != len(axes):
        raise UsageError(f"Duplicate axis: {axes}")
    return axes


def fused_moments(
    inputs: Tensor,
    *,
    scale: Tensor,
    offset: Tensor,
    epsilon: float,
    data_format: str,
    moments: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns (outputs, mean, variance) of the fused kernel.

    Args:
      inputs: `[batch, rows, columns, channels]`, or channels second with "NCHW".
      scale: `[channels]`.
      offset: `[channels]`.
      epsilon: added to the variance.
      data_format: "NHWC" or "NCHW".
      moments: (mean, variance) to normalize with, or None for the batch's own.
    """
    mean, variance = (None, None) if moments is None else moments
    # In training the kernel gives the unbiased variance, n / (n - 1) times the batch's (Bessel),
    # and so does 1.15's moving average: `_bessels_correction_test_only` is True by default.
    # An epsilon below 1.001e-5 is raised to that, cuDNN's least, inside `fused_batch_norm`.
    return v1.nn.fused_batch_norm(
        inputs,
        scale,
        offset,
        mean=mean,
        variance=variance,
        epsilon=epsilon,
        data_format=data_format,
        is_training=moments is None,
    )


def assign_moving_average(variable: Variable, value: Tensor, momentum: Number) -> Tensor:
    """Returns an op for `variable -= (variable - value) * (1 - momentum)`."""
    kind = variable.dtype.base_dtype
    # No zero debias, which `moving_averages.assign_moving_average` does unless told otherwise:
    # Keras' averages start at their initializer's value and have no variables beside them.
    with v1.name_scope("AssignMovingAvg") as scope:
        with beside(variable):
            decay = tf.convert_to_tensor(1.0 - momentum, name="decay")
            if decay.dtype != kind:
                decay = tf.cast(decay, kind)
            delta = (variable - tf.cast(value, kind)) * decay
            # Named as the scope itself: UPDATE_OPS shows `AssignMovingAvg`, as in 1.15.
            return v1.assign_sub(variable, delta, name=scope)


def assign_moving_variance(layer: Renormalized, variance: Tensor) -> Tensor:
    """Returns an op that updates the moving stddev of a renormalized layer, then its square."""
    # The average is of sqrt(variance + epsilon), as in training; squared, epsilon comes out again.
    stddev = assign_moving_average(
        layer.moving_stddev, tf.sqrt(variance + layer.epsilon), layer.momentum
    )
    # Rounding might make the difference negative.
    value = tf.nn.relu(stddev * stddev - layer.epsilon)
    with v1.name_scope("AssignNewValue") as scope:
        with beside(layer.moving_variance):
            return v1.assign(layer.moving_variance, value, name=scope)


def renormalize(
    layer: Renormalized, mean: Tensor, variance: Tensor, training: Training
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns renorm's corrections r and d, and the moments to update the averages with.

    Ioffe (arXiv:1702.03275): in training `x` becomes `x * r + d` after normalization, with
    r and d clipped by the layer's `renorm_clipping`.
    """
    stddev = tf.sqrt(variance + layer.epsilon)
    # The averages start at zero or small: never divide by less than the least stddev there is.
    renorm_stddev = tf.maximum(layer.renorm_stddev, tf.sqrt(layer.epsilon))
    r = stddev / renorm_stddev
    d = (mean - layer.renorm_mean) / renorm_stddev
    with tf.control_dependencies([r, d]):  # corrections read the averages before their update
        mean, stddev = tf.identity(mean), tf.identity(stddev)
    # Clipped first, then chosen: outside training r is 1 and d is 0, whatever the clipping.
    r, d = _clipped(layer.renorm_clipping, r, d)
    r_now = choose(training, lambda: r, lambda: tf.ones_like(r))
    d_now = choose(training, lambda: d, lambda: tf.zeros_like(d))

    def updated(variable: Variable, value: Tensor) -> Tensor:
        kept = tf.identity(value)
        return choose(
            training,
            lambda: assign_moving_average(variable, kept, layer.renorm_momentum),
            lambda: tf.identity(variable),
        )

    # They have a momentum of their own, and run when the moving averages' updates, below, do.
    updates = [updated(layer.renorm_mean, mean), updated(layer.renorm_stddev, stddev)]
    with tf.control_dependencies(updates):
        return r_now, d_now, tf.identity(mean), tf.identity(variance)


def _clipped(clipping: Mapping[str, Number], r: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
    if clipping.get("rmin") is not None:
        r = tf.maximum(r, clipping["rmin"])
    if clipping.get("rmax") is not None:
        r = tf.minimum(r, clipping["rmax"])
    if clipping.get("dmax") is not None:
        d = tf.minimum(tf.maximum(d, -clipping["dmax"]), clipping["dmax"])
    return r, d


def composed(
    scale: Tensor, offset: Tensor, then_scale: Tensor | None, then_offset: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Returns scale and offset of `x * scale + offset` followed by a second such transform."""
    if then_scale is not None:
        scale, offset = scale * then_scale, offset * then_scale
    return scale, offset if then_offset is None else offset + then_offset
