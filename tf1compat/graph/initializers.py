"""Initializers by TensorFlow 1.15's names, contrib's Xavier, and a guide to which fits what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError

__all__ = ["default_initializer", "resolve_initializer"]

v1 = tf.compat.v1


def _keras_initializers() -> Mapping[str, Callable[..., Any]]:
    """The names that 1.15's layers took as strings; some have tighter defaults than tf.*'s."""

    def normal(mean: float = 0.0, stddev: float = 0.05, **kwargs: Any) -> Any:
        return v1.random_normal_initializer(mean, stddev, **kwargs)

    def uniform(minval: float = -0.05, maxval: float = 0.05, **kwargs: Any) -> Any:
        return v1.random_uniform_initializer(minval, maxval, **kwargs)

    def truncated(mean: float = 0.0, stddev: float = 0.05, **kwargs: Any) -> Any:
        return v1.truncated_normal_initializer(mean, stddev, **kwargs)

    named = {
        "zeros": v1.zeros_initializer,
        "ones": v1.ones_initializer,
        "constant": v1.constant_initializer,
        "normal": normal,
        "uniform": uniform,
        "truncated_normal": truncated,
        "identity": v1.initializers.identity,
        "orthogonal": v1.orthogonal_initializer,
        "glorot_normal": v1.glorot_normal_initializer,
        "glorot_uniform": v1.glorot_uniform_initializer,
        "he_normal": v1.initializers.he_normal,
        "he_uniform": v1.initializers.he_uniform,
        "lecun_normal": v1.initializers.lecun_normal,
        "lecun_uniform": v1.initializers.lecun_uniform,
        "VarianceScaling": v1.variance_scaling_initializer,
    }
    aliases = {
        "Zeros": "zeros",
        "zero": "zeros",
        "Ones": "ones",
        "one": "ones",
        "Constant": "constant",
        "RandomNormal": "normal",
        "random_normal": "normal",
        "RandomUniform": "uniform",
        "random_uniform": "uniform",
        "TruncatedNormal": "truncated_normal",
        "Identity": "identity",
        "Orthogonal": "orthogonal",
        "GlorotNormal": "glorot_normal",
        "GlorotUniform": "glorot_uniform",
    }
    return named | {alias: named[name] for alias, name in aliases.items()}


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
    kind = tf.as_dtype(dtype)
    if kind.is_floating:
        return v1.glorot_uniform_initializer()
    if kind.is_integer or kind.is_bool:
        return v1.zeros_initializer()
    return None
