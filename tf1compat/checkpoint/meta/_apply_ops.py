"""Ops that are an optimizer's step on a variable, and what each of their inputs is.

As `core/ops/training_ops.cc` of 1.15 lists them. An op on a few rows has their numbers behind the
gradient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["ApplyOp", "applied_optimizer", "apply_op"]


class ApplyOp(NamedTuple):
    """An op type.

    Attributes:
      optimizer: what it applies, as in its type: ``"Momentum"``.
      rows: whether it applies it to a few rows.
      inputs: what each input is: ``var`` first, slots in capitals, then settings and gradient.
    """

    optimizer: str
    rows: bool
    inputs: tuple[str, ...]


_TYPE = re.compile(r"(?:Resource)?(Sparse)?Apply(\w+)")
_INPUTS: Mapping[str, str] = MappingProxyType(
    {
        "GradientDescent": "var rate gradient",
        "Momentum": "var ACCUM rate gradient momentum",
        "KerasMomentum": "var ACCUM rate gradient momentum",
        "Adagrad": "var ACCUM rate gradient",
        "Adadelta": "var ACCUM ACCUM_UPDATE rate rho epsilon gradient",
        "RMSProp": "var RMS MOMENTUM rate decay momentum epsilon gradient",
        "CenteredRMSProp": "var MG RMS MOMENTUM rate decay momentum epsilon gradient",
        "Ftrl": "var ACCUM LINEAR gradient rate l1 l2 power",
        "FtrlV2": "var ACCUM LINEAR gradient rate l1 l2 l2_shrinkage power",
        "Adam": "var M V beta1_power beta2_power rate beta1 beta2 epsilon gradient",
    }
)


def applied_optimizer(op: str) -> str | None:
    """Returns what an op type applies, known or not; None for what is no optimizer's step.

    >>> applied_optimizer("ApplyProximalAdagrad")
    'ProximalAdagrad'
    """
    match = _TYPE.fullmatch(op)
    return match[2] if match else None


def apply_op(op: str) -> ApplyOp | None:
    """Returns what is known of an op type; None for any other.

    >>> apply_op("ResourceSparseApplyMomentum").inputs
    ('var', 'ACCUM', 'rate', 'gradient', 'rows', 'momentum')
    """
    match = _TYPE.fullmatch(op)
    inputs = _INPUTS.get(match[2]) if match else None
    if match is None or inputs is None:
        return None
    rows = match[1] is not None
    if rows:
        inputs = inputs.replace("gradient", "gradient rows")
    return ApplyOp(match[2], rows, tuple(inputs.split()))
