"""Activations by names that tell gelu from gelu, whatever function a layer was given."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from tf1compat.checkpoint.meta.activation_values import POINTS, name_of_values
from tf1compat.stopping import contained

__all__ = ["activation_name", "layer_activation", "operation_activation"]

_OPERATIONS = MappingProxyType(
    {
        "Relu": "relu",
        "Relu6": "relu6",
        "Selu": "selu",
        "Tanh": "tanh",
        "Sigmoid": "sigmoid",
        "Softplus": "softplus",
        "Softsign": "softsign",
        "Silu": "swish",
    }
)


def activation_name(function: Any) -> str | None:
    """Returns the name of the activation that a function is, None for one that isn't known.

    It is known by its values: programs have functions of their own for what Keras calls gelu.
    """
    if function is None or function is keras.activations.linear:
        return "linear"
    for name in ("softmax", "log_softmax"):  # of several values together
        if function is getattr(keras.activations, name):
            return name
    try:
        points = keras.ops.convert_to_tensor(POINTS[None].astype(np.float32))
        with contained():
            values = function(points)
        return name_of_values(keras.ops.convert_to_numpy(values)[0])
    except Exception:  # a function of the user's own that takes something else
        return None


def layer_activation(layer: Any) -> str | None:
    """Returns the activation that a layer without weights is; ``""`` for any other layer."""
    if isinstance(layer, keras.layers.Activation):
        return activation_name(layer.activation)
    if isinstance(layer, keras.layers.ReLU):
        return _rectified(layer)
    if isinstance(layer, keras.layers.LeakyReLU):
        return f"leaky_relu({float(layer.negative_slope):.4g})"
    if isinstance(layer, keras.layers.ELU):
        return "elu" if float(layer.alpha) == 1 else None
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    return ""


def _rectified(layer: Any) -> str | None:
    slope = float(layer.negative_slope or 0)
    if float(layer.threshold or 0):
        return None
    if slope:
        return None if layer.max_value is not None else f"leaky_relu({slope:.4g})"
    known = {None: "relu", 6.0: "relu6"}
    return known.get(None if layer.max_value is None else float(layer.max_value))


def operation_activation(operation: Any) -> str | None:
    """Returns the activation that one of ``keras.ops`` is; ``""`` for any other operation."""
    name = type(operation).__name__
    if name == "Gelu":
        return "gelu(tanh)" if operation.approximate else "gelu(erf)"
    if name == "LeakyRelu":
        return f"leaky_relu({float(operation.negative_slope):.4g})"
    if name in ("Softmax", "LogSoftmax"):
        return {"Softmax": "softmax", "LogSoftmax": "log_softmax"}[name]
    if name in ("Elu", "Celu", "Glu", "HardSigmoid", "Mish"):
        return None
    return _OPERATIONS.get(name, "")
