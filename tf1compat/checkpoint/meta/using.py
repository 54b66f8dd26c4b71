"""How a graph uses a variable: the vocabulary, the same for graphs of 1.x and of Keras.

A use is told by what it makes of the variable's axes, not by the ops that make it: a kernel that
is multiplied transposed has its outputs along axis 0, whether the graph transposes it, ``MatMul``
does, or an ``Einsum`` says so; a convolution over one axis is one of two with an axis more. So what
two graphs do can be compared where their ops differ.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TypeAlias

__all__ = [
    "CANDIDATE",
    "FORGET",
    "INPUT",
    "LSTM_OF_1_15",
    "LSTM_OF_KERAS",
    "OUTPUT",
    "RESET",
    "UPDATE",
    "Fact",
    "Move",
    "Shape",
    "Use",
    "distinct",
]

Fact: TypeAlias = "str | int | float | tuple[int, ...]"
Shape: TypeAlias = "tuple[int | None, ...]"

INPUT, FORGET, CANDIDATE, OUTPUT = "input", "forget", "candidate", "output"
UPDATE, RESET = "update", "reset"
"""Gates of recurrent cells by what becomes of them: ``forget`` multiplies the old state, ``output``
what the new one gives, ``input`` the candidate, ``reset`` what the candidate is made of; ``update``
is also taken from 1."""

LSTM_OF_1_15 = (INPUT, CANDIDATE, FORGET, OUTPUT)
LSTM_OF_KERAS = (INPUT, FORGET, CANDIDATE, OUTPUT)
"""The gates of an LSTM as they stand in its kernel."""

_ROLES = {
    "product": "kernel",
    "convolution": "kernel",
    "transposed_convolution": "kernel",
    "depthwise": "depthwise_kernel",
    "lookup": "embedding",
    "mean": "moving_mean",
    "variance": "moving_variance",
}
_WORDS = {
    "transposed_convolution": "a transposed convolution",
    "depthwise": "a depthwise convolution",
    "offset": "an offset",
    "other": "something else",
}


@dataclasses.dataclass(frozen=True)
class Move:
    """What happens to a value on its way to an op.

    Attributes:
      op: ``"transpose"``, ``"reshape"``, ``"part"``, ``"reverse"``, ``"concat"`` or ``"negate"``.
      numbers: the permutation; the new shape; axis, begin and end of the part; the axes; the axis.
      before: the value's shape, None for a size that isn't known.
      after: its shape thereafter.
    """

    op: str
    numbers: tuple[int, ...]
    before: Shape
    after: Shape


@dataclasses.dataclass(frozen=True)
class Use:
    """One way in which the forward pass uses a variable.

    Attributes:
      kind: ``"product"``, ``"convolution"``, ``"transposed_convolution"``, ``"depthwise"``,
        ``"lookup"``, ``"offset"``, ``"scale"``, ``"mean"``, ``"variance"``, ``"fused"`` (a whole
        cell in one op), or ``"other"``.
      op: type of the op.
      operand: which of its inputs the variable is.
      moves: what happens to the variable before.
      axes: what each of the variable's axes is: ``"in"`` (summed over), ``"out"``, ``"space0"``,
        ``"space1"``, ..., ``"batch"``, ``"row"``, ``"column"``, ``"channel"``; ``""`` for one of
        size 1, several joined by ``*``, ``"part"`` where only a part is used, with ``-`` in front
        where it runs the other way; () where it can't be told.
      facts: what else the op says, by name: ``data_format`` (``channels_last`` or
        ``channels_first``), ``strides``, ``dilations`` (of each space axis), ``padding``,
        ``epsilon``, ``forget_bias`` (what is added to the forget gate, of kernel and bias alike),
        ``subtracted`` (1, of an offset that is taken off).
      gates: for weights of recurrent cells, what the parts of the last axis become, in order.
    """

    kind: str
    op: str
    operand: int
    moves: tuple[Move, ...] = ()
    axes: tuple[str, ...] = ()
    facts: Mapping[str, Fact] = dataclasses.field(default_factory=dict)
    gates: tuple[str, ...] = ()

    @property
    def role(self) -> str:
        """The role in :mod:`tf1compat.names.roles` that such a use tells; ``"unknown"`` else."""
        normed = "epsilon" in self.facts
        if self.kind in ("offset", "scale"):
            return {"offset": ("bias", "beta"), "scale": ("unknown", "gamma")}[self.kind][normed]
        return _ROLES.get(self.kind, "unknown")

    @property
    def meaning(self) -> tuple[object, ...]:
        """What it is compared by: everything but the ops that it is made of."""
        return (self.kind, self.axes, tuple(sorted(self.facts.items())), self.gates)

    @property
    def words(self) -> str:
        """It in a few words: the op and what the axes are.

        >>> Use("product", "MatMul", 1, axes=("out", "in")).words
        'a product (MatMul) over (out, in)'
        """
        op = f" ({self.op})" if self.op else ""
        axes = f" over ({', '.join(self.axes)})" if self.axes else ""
        gates = f" with the gates {', '.join(self.gates)}" if self.gates else ""
        return f"{_WORDS.get(self.kind, f'a {self.kind}')}{op}{axes}{gates}"


def distinct(uses: Iterable[Use]) -> tuple[Use, ...]:
    """Returns the uses without those that mean the same as an earlier one."""
    found: dict[tuple[object, ...], Use] = {}
    for use in uses:
        found.setdefault(use.meaning, use)
    return tuple(found.values())
