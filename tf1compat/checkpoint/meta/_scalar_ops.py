"""What ops make of single numbers: those of learning rates and their schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

__all__ = ["SCALAR_OPS"]


def _divided(one: Any, other: Any) -> Any:
    """Of integers, 1.x's ``Div`` rounds towards zero."""
    if np.result_type(one, other).kind == "f":
        return np.divide(one, other)
    return np.trunc(np.divide(one, other)).astype(np.result_type(one, other))


SCALAR_OPS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **dict.fromkeys(("Identity", "ReadVariableOp", "StopGradient", "Snapshot"), lambda x: x),
        **dict.fromkeys(("Add", "AddV2"), np.add),
        "Sub": np.subtract,
        "Mul": np.multiply,
        "RealDiv": np.divide,
        "Div": _divided,
        "FloorDiv": np.floor_divide,
        "FloorMod": np.mod,
        "Pow": np.power,
        "Minimum": np.minimum,
        "Maximum": np.maximum,
        "Less": np.less,
        "LessEqual": np.less_equal,
        "Greater": np.greater,
        "GreaterEqual": np.greater_equal,
        "Equal": np.equal,
        "NotEqual": np.not_equal,
        "LogicalAnd": np.logical_and,
        "LogicalOr": np.logical_or,
        "LogicalNot": np.logical_not,
        "Select": np.where,
        "Neg": np.negative,
        "Abs": np.abs,
        "Floor": np.floor,
        "Ceil": np.ceil,
        "Sqrt": np.sqrt,
        "Rsqrt": lambda x: np.divide(np.asarray(1, np.asarray(x).dtype), np.sqrt(x)),
        "Reciprocal": np.reciprocal,
        "Square": np.square,
        "Exp": np.exp,
        "Log": np.log,
        "Sin": np.sin,
        "Cos": np.cos,
    }
)
"""By an op's type, what computes its output from its inputs."""
