"""Initializers by TensorFlow 1.15's names, and contrib's Xavier."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError

__all__ = [
    "contrib_variance_scaling_initializer",
    "convolutional_delta_orthogonal",
    "default_initializer",
    "resolve_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]

v1 = tf.compat.v1


def _keras_initializers() -> Mapping[str, Callable[..., Any]]:
    """The names that 1.15's layers took as strings; some have tighter defaults than tf.*'s."""
    # tf.keras.initializers.RandomNormal has stddev 0.05, where tf.random_normal_initializer has 1.
    normal = functools.partial(v1.random_normal_initializer, stddev=0.05)
    uniform = functools.partial(v1.random_uniform_initializer, minval=-0.05, maxval=0.05)
    truncated = functools.partial(v1.truncated_normal_initializer, stddev=0.05)
    named = {
        "constant": v1.constant_initializer,
        "glorot_normal": v1.glorot_normal_initializer,
        "glorot_uniform": v1.glorot_uniform_initializer,
        "he_normal": v1.initializers.he_normal,
        "he_uniform": v1.initializers.he_uniform,
        "identity": v1.initializers.identity,
        "lecun_normal": v1.initializers.lecun_normal,
        "lecun_uniform": v1.initializers.lecun_uniform,
        "normal": normal,
        "ones": v1.ones_initializer,
        "orthogonal": v1.orthogonal_initializer,
        "random_normal": normal,
        "random_uniform": uniform,
        "truncated_normal": truncated,
        "uniform": uniform,
        "VarianceScaling": v1.variance_scaling_initializer,
        "zeros": v1.zeros_initializer,
    }
    camel = {"".join(map(str.capitalize, name.split("_"))): made for name, made in named.items()}
    return camel | named | {"one": named["ones"], "zero": named["zeros"]}


def resolve_initializer(given: Any) -> Any:
    """Returns the initializer that `given` means: a function, class, name, config dict or None.

    Mirrors what TF 1.15's layers accepted for `kernel_initializer` and its like.

    Raises:
      UsageError: (a `ValueError`) an unknown name, or something that isn't callable.
    """
    if given is None or callable(given):
        return given
    name, config = given, {}
    if isinstance(given, Mapping):
        name, config = given["class_name"], dict(given.get("config", {}))
    known = _keras_initializers()
    if not isinstance(name, str) or name not in known:
        raise UsageError(
            f"Could not interpret initializer identifier: {given!r}; pass a function or one of "
            f"{', '.join(sorted(known))}"
        )
    return known[name](**config)


def default_initializer(dtype: Any) -> Any:
    """Returns 1.15's default for `dtype`: Glorot uniform, zeros, or None where it had none."""
    # As Layer.add_weight chooses; get_variable itself has "" for strings too.
    kind = tf.as_dtype(dtype)
    if kind.is_floating:
        return v1.glorot_uniform_initializer()
    if kind.is_integer or kind.is_bool:
        return v1.zeros_initializer()
    return None


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = tf.float32
) -> Callable[..., Any]:
    """Returns Glorot & Bengio's initializer; mirrors `tf.contrib.layers.xavier_initializer`.

    Variance 2 / (fan in + fan out). Unlike `tf.glorot_normal_initializer`, the normal form
    widens the truncated distribution by 1.3 in variance.

    Args:
      uniform: whether to draw uniformly, else from a truncated normal distribution.
      seed: op seed.
      dtype: default dtype, floating point.

    Raises:
      TypeError: `dtype` isn't floating point.
    """
    return contrib_variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


xavier_initializer_conv2d = xavier_initializer


def contrib_variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = tf.float32,
) -> Callable[..., Any]:
    """Returns an initializer of variance `factor / n`, n set by `mode`.

    Mirrors `tf.contrib.layers.variance_scaling_initializer`, whose defaults are He et al.'s
    (arXiv:1502.01852) and whose arguments differ from `tf.variance_scaling_initializer`'s.

    Args:
      factor: numerator of the variance.
      mode: "FAN_IN", "FAN_OUT" or "FAN_AVG".
      uniform: whether to draw uniformly, else from a truncated normal distribution.
      seed: op seed.
      dtype: default dtype, floating point.

    Raises:
      TypeError: `dtype` isn't floating point, or an unknown mode.
    """
    if not tf.as_dtype(dtype).is_floating:
        raise TypeError("Cannot create initializer for non-floating point type.")
    if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        raise TypeError(f"Unknown mode {mode} [FAN_IN, FAN_OUT, FAN_AVG]")
    default_dtype = dtype

    def initializer(shape: Any, dtype: Any = default_dtype, partition_info: Any = None) -> Any:
        if not tf.as_dtype(dtype).is_floating:
            raise TypeError("Cannot create initializer for non-floating point type.")
        n = _fan([int(size) for size in shape], mode)
        if uniform:
            limit = math.sqrt(3.0 * factor / n)
            return v1.random_uniform(shape, -limit, limit, dtype, seed=seed)
        # Truncation at two stddevs leaves about 1 / 1.3 of the variance.
        return v1.truncated_normal(shape, 0.0, math.sqrt(1.3 * factor / n), dtype, seed=seed)

    return initializer


def _fan(shape: list[int], mode: str) -> float:
    field = math.prod(shape[:-2])
    fan_in = (shape[-2] if len(shape) > 1 else shape[-1]) * field if shape else 1
    fan_out = shape[-1] * field if shape else 1
    return float({"FAN_IN": fan_in, "FAN_OUT": fan_out}.get(mode, (fan_in + fan_out) / 2.0))


def convolutional_delta_orthogonal(
    gain: float = 1.0, seed: int | None = None, dtype: Any = tf.float32
) -> Callable[..., Any]:
    """Returns an initializer of kernels that are orthogonal at their centre and 0 elsewhere.

    Mirrors `tf.contrib.framework.convolutional_delta_orthogonal` (Xiao et al.,
    arXiv:1806.05393). Kernels are `[*window, channels, filters]`, channels <= filters.

    Args:
      gain: factor.
      seed: op seed.
      dtype: default dtype, floating point.
    """
    default_dtype = dtype

    def initializer(shape: Any, dtype: Any = default_dtype, partition_info: Any = None) -> Any:
        *window, channels, filters = [int(size) for size in shape]
        if not 1 <= len(window) <= 3:
            raise UsageError(
                "The tensor to initialize must be at least three-dimensional and at most "
                f"five-dimensional; its shape is {shape}"
            )
        if channels > filters:
            raise UsageError(f"In_filters cannot be greater than out_filters: {shape}")
        square = v1.random_normal([filters, filters], dtype=dtype, seed=seed)
        q, r = tf.linalg.qr(square, full_matrices=False)
        q *= tf.sign(tf.linalg.diag_part(r))  # makes the distribution uniform
        centre = [[(size - 1) // 2 for size in window]]
        rows = q[:channels, :] * tf.cast(gain, dtype)
        return tf.scatter_nd(centre, tf.expand_dims(rows, 0), shape)

    return initializer
