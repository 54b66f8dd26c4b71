"""Activation functions by the names that TF 1.15's layers took (`tf.keras.activations`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError

__all__ = ["hard_sigmoid", "linear", "resolve_activation"]


def linear(inputs: Any) -> Any:
    """Returns `inputs` as they are: the activation of a layer that was given none."""
    return inputs


def hard_sigmoid(inputs: Any) -> Any:
    """Returns 0.2 x + 0.5 clipped to [0, 1], a sigmoid of three straight lines."""
    # tf.keras.backend.hard_sigmoid of 1.15; Keras 3 has the slope 1/6.
    return tf.clip_by_value(inputs * 0.2 + 0.5, 0.0, 1.0)


def resolve_activation(given: Any) -> Callable[[Any], Any]:
    """Returns the activation that `given` means: a function, a name, or None for `linear`.

    Raises:
      UsageError: (a `ValueError`) an unknown name, or something that isn't callable.
    """
    if given is None:
        return linear
    if callable(given):
        return given
    known: dict[str, Callable[[Any], Any]] = {
        "elu": tf.nn.elu,
        "exponential": tf.exp,
        "hard_sigmoid": hard_sigmoid,
        "linear": linear,
        "relu": tf.nn.relu,
        "selu": tf.nn.selu,
        "sigmoid": tf.nn.sigmoid,
        "softmax": tf.nn.softmax,
        "softplus": tf.nn.softplus,
        "softsign": tf.nn.softsign,
        "tanh": tf.nn.tanh,
    }
    if not isinstance(given, str) or given not in known:
        raise UsageError(
            f"Could not interpret activation function identifier: {given!r}; pass a function or "
            f"one of {', '.join(sorted(known))}"
        )
    return known[given]
