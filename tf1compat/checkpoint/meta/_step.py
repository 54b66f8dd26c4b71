"""An optimizer's step on one variable."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tf1compat.checkpoint.meta.gradient_changes import GradientChange
from tf1compat.checkpoint.meta.scalars import Tensor

__all__ = ["Step"]


@dataclasses.dataclass(frozen=True)
class Step:
    """An optimizer's step on one variable; variables go by the checkpoint's names.

    Attributes:
      optimizer: what steps: the type of an op without ``Apply``, such as ``"CenteredRMSProp"``, or
        the name of an optimizer made of other ops.
      variable: what it steps on.
      on: name of the op that is the variable, or the part of it, that it steps on.
      rows: whether on a few rows alone.
      slots: the variable's slots, by what the optimizer calls them, in small letters.
      settings: where its settings are, the learning rate (``rate``) among them.
      known: what else is known of it, such as whether it looks ahead (``nesterov``).
      unused: settings that its optimizer has, and are of no use as it is set.
      gradient: where the gradient is; None where that isn't known.
      conditional: whether it is taken on a condition alone, another than that numbers are finite.
      changes: what was done with the gradient before, the last first.
    """

    optimizer: str
    variable: str
    rows: bool
    slots: Mapping[str, str]
    settings: Mapping[str, Tensor]
    known: Mapping[str, float]
    gradient: Tensor | None
    on: str = ""
    unused: frozenset[str] = frozenset()
    changes: tuple[GradientChange, ...] = ()
    conditional: bool = False
