"""Activations by names that tell gelu from gelu, whatever function a layer was given."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

__all__ = ["activation_name", "layer_activation", "operation_activation"]

_POINTS = np.linspace(-7.0, 7.0, 57, dtype=np.float32).reshape(3, 19)
_NEAR = 2e-6  # gelu and its approximation differ by 4e-4
_KNOWN: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "linear": keras.activations.linear,
        "relu": keras.activations.relu,
        "relu6": keras.activations.relu6,
        "elu": keras.activations.elu,
        "selu": keras.activations.selu,
        "tanh": keras.activations.tanh,
        "sigmoid": keras.activations.sigmoid,
        "softplus": keras.activations.softplus,
        "softsign": keras.activations.softsign,
        "softmax": keras.activations.softmax,
        "log_softmax": keras.activations.log_softmax,
        "swish": keras.activations.silu,
        "gelu(erf)": functools.partial(keras.activations.gelu, approximate=False),
        "gelu(tanh)": functools.partial(keras.activations.gelu, approximate=True),
    }
)
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
    if function is None:
        return "linear"
    try:
        values = _values(function)
        for name, known in _KNOWN.items():
            if np.allclose(values, _values(known), rtol=0, atol=_NEAR):
                return name
        slope = float(-values[0, 0] / 7)
        if 0 < -slope < 1 and np.allclose(
            values, np.where(_POINTS < 0, -slope * _POINTS, _POINTS), rtol=0, atol=1e-5
        ):
            return f"leaky_relu({-slope:.4g})"
    except Exception:  # a function of the user's own that takes something else
        return None
    return None


def _values(function: Callable[[Any], Any]) -> np.ndarray:
    return keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(_POINTS)))


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
