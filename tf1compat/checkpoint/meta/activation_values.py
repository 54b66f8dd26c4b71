"""Activations known by their values: programs compose for themselves what libraries have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

__all__ = ["POINTS", "erf", "name_of_values", "sigmoid"]

POINTS: np.ndarray = np.linspace(-8.0, 8.0, 65)
"""Where activations are looked at."""

_NEAR = 3e-5  # float32 errs by less, and gelu and its approximation differ by 5e-4
_SQRT_2 = math.sqrt(2)

erf = np.vectorize(math.erf, otypes=[np.float64])


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Returns ``1 / (1 + exp(-x))``."""
    return np.asarray(1 / (1 + np.exp(-x)))


def _selu(x: np.ndarray) -> np.ndarray:
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


_KNOWN: Mapping[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType(
    {
        "linear": lambda x: x,
        "relu": lambda x: np.maximum(x, 0),
        "relu6": lambda x: np.clip(x, 0, 6),
        "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "selu": _selu,
        "tanh": np.tanh,
        "sigmoid": sigmoid,
        "softplus": lambda x: np.log1p(np.exp(x)),
        "softsign": lambda x: x / (1 + np.abs(x)),
        "swish": lambda x: x * sigmoid(x),
        "gelu(erf)": lambda x: 0.5 * x * (1 + erf(x / _SQRT_2)),
        "gelu(tanh)": lambda x: (
            0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        ),
        "gelu(sigmoid)": lambda x: x * sigmoid(1.702 * x),
        # tf.keras' and Keras 3's are no longer the same
        "hard_sigmoid(x/5 + 1/2)": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
        "hard_sigmoid(x/6 + 1/2)": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    }
)


def name_of_values(values: np.ndarray) -> str | None:
    """Returns the name of the activation that has `values` at `POINTS`; None for none known.

    >>> name_of_values(np.maximum(POINTS, 0.1 * POINTS)), name_of_values(POINTS**2)
    ('leaky_relu(0.1)', None)
    """
    slope = float(values[0] / POINTS[0])
    for name, known in _KNOWN.items():
        if np.allclose(values, known(POINTS), rtol=0, atol=_NEAR):
            return name
    if 0 < slope < 1 and np.allclose(
        values, np.where(POINTS < 0, slope * POINTS, POINTS), rtol=0, atol=_NEAR
    ):
        return f"leaky_relu({slope:.4g})"
    return None
