"""Activations of cells: tanh by default, where layers have none."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.graph import activations
from tf1compat.graph.types import Activation, ActivationLike

__all__ = ["activation_name", "resolve_activation"]

_NAMES = [
    "elu",
    "exponential",
    "hard_sigmoid",
    "linear",
    "relu",
    "selu",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]


def resolve_activation(given: ActivationLike) -> Activation:
    """Returns the function that `given` means: a function, a Keras name, or nothing for tanh.

    Raises:
      UsageError: (a `ValueError`) an unknown name, or something that isn't callable.
    """
    # By truth, as in 1.15: "" and None are both tanh, never the identity that layers take.
    return activations.resolve_activation(given) if given else tf.tanh


def activation_name(function: Activation) -> str | Activation:
    """Returns what `get_config` says of an activation: its name where it has one."""
    for name in _NAMES:
        if function is activations.resolve_activation(name):
            return name
    return getattr(function, "__name__", function)
