"""Activations by the names that TensorFlow 1.15's cells took as strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError

__all__ = ["activation_name", "resolve_activation"]


def _hard_sigmoid(x: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


def _linear(x: tf.Tensor) -> tf.Tensor:
    return x


def _known() -> dict[str, Callable[..., Any]]:
    return {
        "elu": tf.nn.elu,
        "exponential": tf.exp,
        "hard_sigmoid": _hard_sigmoid,
        "linear": _linear,
        "relu": tf.nn.relu,
        "selu": tf.nn.selu,
        "sigmoid": tf.sigmoid,
        "softmax": tf.nn.softmax,
        "softplus": tf.nn.softplus,
        "softsign": tf.nn.softsign,
        "tanh": tf.tanh,
    }


def resolve_activation(given: Any, default: Callable[..., Any] = tf.tanh) -> Callable[..., Any]:
    """Returns the function that `given` means: a function, a Keras name, or nothing (`default`).

    Raises:
      UsageError: (a `ValueError`) an unknown name.
      TypeError: neither a name nor callable.
    """
    if not given:
        return default
    if callable(given):
        return given
    if not isinstance(given, str):
        raise TypeError(f"Could not interpret activation function identifier: {given!r}")
    known = _known()
    if given not in known:
        raise UsageError(
            f"Unknown activation function: {given}; pass a function or one of "
            f"{', '.join(sorted(known))}"
        )
    return known[given]


def activation_name(function: Any) -> Any:
    """Returns what `get_config` says of an activation: its name where it has one."""
    for name, known in _known().items():
        if function is known:
            return name
    return getattr(function, "__name__", function)
