"""Steps of Tensor2Tensor's Adafactor, which are made of plain ops."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from tf1compat.checkpoint.meta._attributes import constant
from tf1compat.checkpoint.meta._expressions import ADDING, DIVIDING, Expressions
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._plain_adam import subtrahend
from tf1compat.checkpoint.meta._step import Step
from tf1compat.checkpoint.meta.scalars import Tensor

__all__ = ["adafactor_step"]

_NOTHING = 1e-20  # what a gradient is multiplied by only for others to depend on it


class _Normed(NamedTuple):
    slots: dict[str, str]
    settings: dict[str, Tensor]
    gradient: Tensor
    known: dict[str, float]


def adafactor_step(read: Expressions, node: Node, variable: str) -> Step | None:
    """Returns the step of Adafactor that a node is; None where it is none."""
    taken = subtrahend(read, node, variable)
    for slots, settings, step in _steps(read, taken) if taken is not None else ():
        for scale, clipped in read.pairs(step, "Mul"):
            found = _clipped(read, clipped)
            if found is None:
                continue
            rate, scaled = _scale(read, scale, variable)
            return Step(
                optimizer="Adafactor",
                variable=variable,
                rows=False,
                slots={**slots, **found.slots},
                settings={**settings, **found.settings, **rate},
                known={
                    "multiply_by_parameter_scale": scaled,
                    **found.known,
                    **({} if settings else {"beta1": 0.0}),
                },
                unused=frozenset() if scaled else frozenset({"epsilon_2"}),
                gradient=found.gradient,
            )
    return None


def _steps(
    read: Expressions, taken: Tensor
) -> Iterator[tuple[dict[str, str], dict[str, Tensor], Tensor]]:
    """Yields the product of rate and step, without momentum and with it."""
    yield {}, {}, taken
    if found := read.averaged(taken):
        yield {"m": found[0]}, {"beta1": found[1]}, found[2]


def _clipped(read: Expressions, tensor: Tensor) -> _Normed | None:
    """Returns what ``x / max(1, rms(x) / threshold)`` is of, or ``x``."""
    both = read.operands(tensor, *DIVIDING)
    inner = _normed(read, both[0]) if both else None
    if inner is None:
        whole = _normed(read, tensor)
        return whole and whole._replace(known={"clipping_threshold": math.inf})
    for size, _ in read.pairs(both[1], "Maximum"):
        ratio = read.operands(size, *DIVIDING)
        of = read.root_mean_square(ratio[0] if ratio else size)
        if of is not None and read.same(of, both[0]):
            if ratio:
                settings = {**inner.settings, "clipping_threshold": ratio[1]}
                return inner._replace(settings=settings)
            return inner._replace(known={"clipping_threshold": 1.0})
    return None


def _normed(read: Expressions, tensor: Tensor) -> _Normed | None:
    """Returns the slots by which a gradient is divided, and what their averages are of."""
    for gradient, root in read.pairs(tensor, "Mul"):
        for square in read.operands(root, "Rsqrt"):
            if found := read.averaged(square):
                settings = _average_settings(read, found[1], found[2], gradient)
                slots = {"v": found[0]}
                return None if settings is None else _Normed(slots, settings, gradient, {})
    for by_rows, column in read.pairs(tensor, "Mul"):
        for gradient, row in read.pairs(by_rows, "Mul"):
            vr, vc = _factor(read, row), _factor(read, column)
            if vr is None or vc is None:
                continue
            for mean in read.operands(vc[2], "Mean")[:1]:
                settings = _average_settings(read, vc[1], mean, gradient)
                slots = {"vr": vr[0], "vc": vc[0]}
                return None if settings is None else _Normed(slots, settings, gradient, {})
    return None


def _factor(read: Expressions, tensor: Tensor) -> tuple[str, Tensor, Tensor] | None:
    """Returns the average that ``expand_dims(rsqrt(average))`` is of, or of it by its mean."""
    for root in read.operands(tensor, "ExpandDims")[:1]:
        for square in read.operands(root, "Rsqrt"):
            by_mean = read.operands(square, *DIVIDING)
            return read.averaged(by_mean[0] if by_mean else square)
    return None


def _average_settings(
    read: Expressions, decay: Tensor, squares: Tensor, gradient: Tensor
) -> dict[str, Tensor] | None:
    """Returns the decay of an average of a gradient's squares, and what is added to these."""
    for square, epsilon in read.pairs(squares, *ADDING):
        of = read.is_square(square)
        if of is not None and read.same(of, gradient):
            return {"decay_rate": _plain(read, decay), "epsilon_1": epsilon}
    return None


def _scale(read: Expressions, tensor: Tensor, variable: str) -> tuple[dict[str, Tensor], bool]:
    """Returns the rate, what a variable's scale is at least, and whether it is multiplied."""
    tensor = _plain(read, tensor)
    for rate, scale in read.pairs(tensor, "Mul"):
        for size, least in read.pairs(scale, "Maximum"):
            of = read.root_mean_square(size)
            if of is not None and read.variable(of) == variable:
                return {"rate": rate, "epsilon_2": least}, True
    return {"rate": tensor}, False


def _plain(read: Expressions, tensor: Tensor) -> Tensor:
    """Returns a number without what is added for it to depend on the gradient, times 1e-30."""
    for number, nothing in read.pairs(tensor, *ADDING):
        for _, factor in read.pairs(nothing, "Mul"):
            told = constant(read.at(factor))
            if len(told) == 1 and 0 < told[0] < _NOTHING:
                return number
    return tensor
