"""Dropout in TensorFlow 1.15's arithmetic: a product with a scaled mask, not a selection."""

from __future__ import annotations

import numbers

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.layers._arguments import as_tensor
from tf1compat.graph.types import Number, ShapeLike, Tensor, TensorLike

__all__ = ["drop"]

v1 = tf.compat.v1


def drop(
    x: TensorLike,
    rate: Number,
    *,
    noise_shape: ShapeLike | Tensor = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Zeroes a fraction `rate` of `x` at random and scales the rest by `1 / (1 - rate)`.

    Mirrors `tf.nn.dropout` of TensorFlow 1.15: same ops in the same order, so that equal seeds
    give equal masks, and NaN stays NaN where today's op selects 0.

    Args:
      x: floating point tensor.
      rate: number in [0, 1), or a scalar tensor.
      noise_shape: shape of the mask, which broadcasts to `x`; None is `x`'s own.
      seed: op seed.
      name: name scope, by default "dropout".

    Returns:
      A tensor like `x`; `x` itself where `rate` is 0.

    Raises:
      UsageError: (a `ValueError`) `x` isn't floating point, or `rate` isn't in [0, 1).
    """
    with v1.name_scope(name, "dropout", [x]):
        x = as_tensor(x, name="x")
        if not x.dtype.is_floating:
            raise UsageError(
                "x has to be a floating point tensor since it's going to be scaled. Got a "
                f"{x.dtype} tensor instead."
            )
        if isinstance(rate, numbers.Real):
            if not 0 <= float(rate) < 1:
                raise UsageError(
                    f"rate must be a scalar tensor or a float in the range [0, 1), got {rate:g}"
                )
            if rate == 0:
                return x
        rate = tf.convert_to_tensor(rate, dtype=x.dtype, name="rate")
        if tf.get_static_value(rate) == 0:
            return x
        shape = v1.shape(x) if noise_shape is None else _filled(noise_shape, x)
        # After `rate` and the shape: under a graph seed an op's own is the number of nodes so far.
        uniform = v1.random_uniform(shape, seed=seed, dtype=x.dtype)
        # In 1.15 (`dropout_v2`) a draw equal to the rate is kept: `>=`.
        scale = 1 / (1 - rate)
        dropped = x * scale * tf.cast(uniform >= rate, x.dtype)
        dropped.set_shape(x.shape)
        return dropped


def _filled(noise_shape: ShapeLike | Tensor, x: Tensor) -> ShapeLike | Tensor:
    """Returns `noise_shape` with the sizes of `x` in place of None."""
    try:
        sizes = tf.TensorShape(noise_shape).as_list()
    except (TypeError, ValueError):  # a tensor
        return noise_shape
    if x.shape.rank != len(sizes):
        return noise_shape
    return [size if given is None else given for given, size in zip(sizes, x.shape, strict=True)]
