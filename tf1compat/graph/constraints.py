"""Weight constraints by the names that TensorFlow 1.15's layers took (`tf.keras.constraints`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError

__all__ = ["max_norm", "min_max_norm", "non_neg", "resolve_constraint", "unit_norm"]

# tf.keras.backend.epsilon(). 1.15 adds it to norms, so weights within bounds shrink a little too.
_EPSILON = 1e-7


def _norms(weights: Any, axis: Any) -> Any:
    return tf.sqrt(tf.reduce_sum(tf.square(weights), axis=axis, keepdims=True))


def max_norm(max_value: float = 2, axis: Any = 0) -> Callable[[Any], Any]:
    """Returns a projection that scales weights down to norm `max_value` along `axis`."""

    def project(weights: Any) -> Any:
        norms = _norms(weights, axis)
        return weights * (tf.clip_by_value(norms, 0, max_value) / (_EPSILON + norms))

    return project


def min_max_norm(
    min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
) -> Callable[[Any], Any]:
    """Returns a projection that moves norms along `axis` by `rate` into [min_value, max_value]."""

    def project(weights: Any) -> Any:
        norms = _norms(weights, axis)
        wanted = rate * tf.clip_by_value(norms, min_value, max_value) + (1 - rate) * norms
        return weights * (wanted / (_EPSILON + norms))

    return project


def non_neg() -> Callable[[Any], Any]:
    """Returns a projection that puts negative weights to zero."""

    def project(weights: Any) -> Any:
        # NonNeg of 1.15 casts to floatx, float32, and so fails for weights of other dtypes.
        return weights * tf.cast(tf.greater_equal(weights, 0.0), weights.dtype.base_dtype)

    return project


def unit_norm(axis: Any = 0) -> Callable[[Any], Any]:
    """Returns a projection that scales weights to norm 1 along `axis`."""

    def project(weights: Any) -> Any:
        return weights / (_EPSILON + _norms(weights, axis))

    return project


def resolve_constraint(given: Any) -> Any:
    """Returns the constraint that `given` means: a function, a name, a config dict or None.

    Raises:
      UsageError: (a `ValueError`) an unknown name, or something that isn't callable.
    """
    if given is None or callable(given):
        return given
    known: dict[str, Callable[..., Any]] = {
        "max_norm": max_norm,
        "maxnorm": max_norm,
        "MaxNorm": max_norm,
        "min_max_norm": min_max_norm,
        "MinMaxNorm": min_max_norm,
        "non_neg": non_neg,
        "nonneg": non_neg,
        "NonNeg": non_neg,
        "unit_norm": unit_norm,
        "unitnorm": unit_norm,
        "UnitNorm": unit_norm,
    }
    name, config = given, {}
    if isinstance(given, Mapping):
        name, config = given["class_name"], dict(given.get("config", {}))
    if not isinstance(name, str) or name not in known:
        raise UsageError(
            f"Could not interpret constraint identifier: {given!r}; pass a function or one of "
            f"{', '.join(sorted(known))}"
        )
    return known[name](**config)
