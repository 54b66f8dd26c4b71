"""Moving averages and batch renormalization, below `BatchNormalization`."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.layers._calling import choose

__all__ = ["assign_moving_average", "assign_moving_variance", "fused_moments", "renormalize"]

v1 = tf.compat.v1


def fused_moments(
    inputs: Any,
    *,
    scale: Any,
    offset: Any,
    epsilon: float,
    data_format: str,
    moments: Any = None,
) -> tuple[Any, Any, Any]:
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


def assign_moving_average(variable: Any, value: Any, momentum: Any) -> Any:
    """Returns an op for `variable -= (variable - value) * (1 - momentum)`."""
    kind = variable.dtype.base_dtype
    with v1.name_scope("AssignMovingAvg") as scope:
        with v1.get_default_graph().colocate_with(variable.op):
            decay = tf.convert_to_tensor(1.0 - momentum, name="decay")
            if decay.dtype != kind:
                decay = tf.cast(decay, kind)
            delta = (variable - tf.cast(value, kind)) * decay
            return v1.assign_sub(variable, delta, name=scope)


def assign_moving_variance(layer: Any, variance: Any) -> Any:
    """Returns an op that updates the moving stddev of a renormalized layer, then its square."""
    stddev = assign_moving_average(
        layer.moving_stddev, tf.sqrt(variance + layer.epsilon), layer.momentum
    )
    # Rounding might make the difference negative.
    value = tf.nn.relu(stddev * stddev - layer.epsilon)
    with v1.name_scope("AssignNewValue") as scope:
        with v1.get_default_graph().colocate_with(layer.moving_variance.op):
            return v1.assign(layer.moving_variance, value, name=scope)


def renormalize(layer: Any, mean: Any, variance: Any, training: Any) -> tuple[Any, Any, Any, Any]:
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
    r, d = _clipped(layer.renorm_clipping, r, d)
    r_now = choose(training, lambda: r, lambda: tf.ones_like(r))
    d_now = choose(training, lambda: d, lambda: tf.zeros_like(d))

    def updated(variable: Any, value: Any) -> Any:
        kept = tf.identity(value)
        return choose(
            training,
            lambda: assign_moving_average(variable, kept, layer.renorm_momentum),
            lambda: tf.identity(variable),
        )

    updates = [updated(layer.renorm_mean, mean), updated(layer.renorm_stddev, stddev)]
    with tf.control_dependencies(updates):
        return r_now, d_now, tf.identity(mean), tf.identity(variance)


def _clipped(clipping: Any, r: Any, d: Any) -> tuple[Any, Any]:
    if clipping.get("rmin") is not None:
        r = tf.maximum(r, clipping["rmin"])
    if clipping.get("rmax") is not None:
        r = tf.minimum(r, clipping["rmax"])
    if clipping.get("dmax") is not None:
        d = tf.minimum(tf.maximum(d, -clipping["dmax"]), clipping["dmax"])
    return r, d
