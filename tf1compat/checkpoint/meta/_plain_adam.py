"""Steps of Adam that are made of plain ops: those of rows in 1.15, BERT's and ALBERT's.

They are those of ``AdamOptimizer._apply_sparse_shared`` of 1.15, of ``LazyAdamOptimizer`` of its
contrib, and of ``AdamWeightDecayOptimizer`` and ``LAMBOptimizer`` of google-research's BERT and
ALBERT.
"""

from __future__ import annotations

from tf1compat.checkpoint.meta._expressions import ADDING, DIVIDING, SELECTING, Expressions
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._step import Step
from tf1compat.checkpoint.meta.scalars import Tensor

__all__ = ["decayed_adam_step", "row_adam_step", "row_descent_step", "subtrahend"]

_ASSIGNING = ("Assign", "AssignVariableOp")
_SUBTRACTING = ("AssignSub", "AssignSubVariableOp")
_SCATTERING = ("ScatterSub", "ResourceScatterSub")
_GATHERING = ("Gather", "GatherV2", "ResourceGather")
_DEEP = 8  # products within products


def subtrahend(read: Expressions, node: Node, variable: str) -> Tensor | None:
    """Returns what a node takes away from a variable; None where it does something else."""
    if len(node.inputs) < 2:
        return None
    value = read.inputs(node)[1]
    if node.op in _SUBTRACTING:
        return value
    if node.op in _ASSIGNING:
        found = read.operands(value, "Sub")
        if found and read.variable(found[0]) == variable:
            return found[1]
    return None


def decayed_adam_step(read: Expressions, node: Node, variable: str) -> Step | None:
    """Returns the step of BERT's Adam or ALBERT's LAMB that a node is; None where it is none."""
    taken = subtrahend(read, node, variable)
    if taken is None:
        return None
    factors = _factors(read, taken, variable)
    updates = [one for one in factors if _update(read, one, variable) is not None]
    ratios = [one for one in factors if _is_ratio(read, one, variable)]
    rates = [one for one in factors if one not in updates and one not in ratios]
    if len(updates) != 1 or len(rates) != 1 or len(ratios) > 1:
        return None
    found = _update(read, updates[0], variable)
    if found is None:
        return None
    slots, settings, gradient = found
    return Step(
        optimizer="AdamWeightDecay",
        variable=variable,
        rows=False,
        slots=slots,
        settings={**settings, "rate": rates[0]},
        known={"adapted": bool(ratios)},
        gradient=gradient,
    )


def _factors(read: Expressions, tensor: Tensor, variable: str, *, deep: int = 0) -> list[Tensor]:
    """Returns the factors of a product that has a step in it; other products stay whole."""
    if _is_special(read, tensor, variable) or deep > _DEEP:
        return [tensor]
    inner = read.operands(tensor, "Mul")
    sides = [_factors(read, one, variable, deep=deep + 1) for one in inner]
    found = [one for side in sides for one in side]
    return found if any(_is_special(read, one, variable) for one in found) else [tensor]


def _is_special(read: Expressions, tensor: Tensor, variable: str) -> bool:
    return _is_ratio(read, tensor, variable) or _update(read, tensor, variable) is not None


def _is_ratio(read: Expressions, tensor: Tensor, variable: str) -> bool:
    """Tells whether a tensor is a variable's length by that of its step, where both have one."""
    for _ in range(2):
        found = read.operands(tensor, *SELECTING)
        if len(found) != 3:
            return False
        tensor = found[1]
    both = read.operands(tensor, *DIVIDING)
    lengths = [_of_length(read, one) for one in both]
    if len(lengths) != 2 or lengths[0] is None or lengths[1] is None:
        return False
    of_step = _update(read, lengths[1], variable) is not None
    return of_step and read.variable(lengths[0]) == variable


def _of_length(read: Expressions, tensor: Tensor) -> Tensor | None:
    """Returns what a tensor is the length of."""
    for root in (*read.operands(tensor, "Squeeze"), tensor):
        for total in read.operands(root, "Sqrt"):
            for squares in read.operands(total, "Sum")[:1]:
                return read.is_square(squares)
    return None


def _update(
    read: Expressions, tensor: Tensor, variable: str
) -> tuple[dict[str, str], dict[str, Tensor], Tensor] | None:
    """Returns the slots, settings and gradient of a step before it is multiplied by the rate."""
    plain = _ratio_of_moments(read, tensor)
    if plain is not None:
        return plain
    for step, decay in read.pairs(tensor, *ADDING):
        found = _ratio_of_moments(read, step)
        for own, rate in read.pairs(decay, "Mul") if found else ():
            if found and read.variable(own) == variable:
                slots, settings, gradient = found
                return slots, {**settings, "weight_decay_rate": rate}, gradient
    return None


def _ratio_of_moments(
    read: Expressions, tensor: Tensor
) -> tuple[dict[str, str], dict[str, Tensor], Tensor] | None:
    """Returns what ``m / (sqrt(v) + epsilon)`` is of."""
    both = read.operands(tensor, *DIVIDING)
    first = read.averaged(both[0]) if both else None
    for root, epsilon in read.pairs(both[1], *ADDING) if first else ():
        for square in read.operands(root, "Sqrt"):
            second = read.averaged(square)
            if first is None or second is None:
                continue
            of = read.is_square(second[2])
            if of is not None and read.same(of, first[2]):
                slots = {"m": first[0], "v": second[0]}
                settings = {"beta1": first[1], "beta2": second[1], "epsilon": epsilon}
                return slots, settings, first[2]
    return None


def row_adam_step(read: Expressions, node: Node, variable: str) -> Step | None:
    """Returns the step of Adam on all rows by a few's gradient, or of LazyAdam on these alone."""
    lazy = node.op in _SCATTERING
    value = read.inputs(node)[-1] if lazy else subtrahend(read, node, variable)
    both = read.operands(value, *DIVIDING) if value is not None else ()
    for root, epsilon in read.pairs(both[1], *ADDING) if both else ():
        for square in read.operands(root, "Sqrt"):
            for moment, alpha in read.pairs(both[0], "Mul"):
                first, second = (_moment(read, one, lazy=lazy) for one in (moment, square))
                rate = _corrected(read, alpha)
                if first is None or second is None or rate is None:
                    continue
                settings = {"beta1": first[1], "beta2": second[1], "epsilon": epsilon, **rate}
                return Step(
                    optimizer="LazyAdam" if lazy else "SparseAdam",
                    variable=variable,
                    rows=True,
                    slots={"m": first[0], "v": second[0]},
                    settings=settings,
                    known={},
                    gradient=first[2],
                )
    return None


def row_descent_step(read: Expressions, node: Node, variable: str) -> Step | None:
    """Returns the step of gradient descent on a few rows that a node is; None where it is none."""
    if node.op not in _SCATTERING:
        return None
    for rate, gradient in read.pairs(read.inputs(node)[-1], "Mul"):
        if read.is_number(rate):
            settings = {"rate": rate}
            return Step("GradientDescent", variable, True, {}, settings, {}, gradient)
    return None


def _corrected(read: Expressions, tensor: Tensor) -> dict[str, Tensor] | None:
    """Returns of ``rate * sqrt(1 - beta2_power) / (1 - beta1_power)`` rate and powers."""
    both = read.operands(tensor, *DIVIDING)
    below = read.operands(both[1], "Sub") if both else ()
    for root, rate in read.pairs(both[0], "Mul") if below else ():
        for under in read.operands(root, "Sqrt"):
            if above := read.operands(under, "Sub"):
                return {"rate": rate, "beta1_power": below[1], "beta2_power": above[1]}
    return None


def _moment(read: Expressions, tensor: Tensor, *, lazy: bool) -> tuple[str, Tensor, Tensor] | None:
    """Returns the slot that a tensor is after its step, its beta, and what was added to it."""
    return _lazy_moment(read, tensor) if lazy else _whole_moment(read, tensor)


def _whole_moment(read: Expressions, tensor: Tensor) -> tuple[str, Tensor, Tensor] | None:
    slot = read.variable(tensor)
    changes = read.changes_at(tensor)
    betas = [
        beta
        for node in changes
        if node.op in _ASSIGNING
        for held, beta in read.pairs(read.inputs(node)[1], "Mul")
        if read.variable(held) == slot
    ]
    added = [
        factor
        for node in changes
        if node.op in ("ScatterAdd", "ResourceScatterAdd")
        for factor, rest in read.pairs(read.inputs(node)[-1], "Mul")
        if read.operands(rest, "Sub")
    ]
    return (slot, betas[0], added[0]) if slot and len(betas) == len(added) == 1 else None


def _lazy_moment(read: Expressions, tensor: Tensor) -> tuple[str, Tensor, Tensor] | None:
    """Returns it of rows: where variables are handles their new value itself is used."""
    gathered = read.operands(tensor, *_GATHERING)
    values = [
        read.inputs(node)[-1]
        for node in (read.changes_at(gathered[0]) if gathered else ())
        if node.op in ("ScatterUpdate", "ResourceScatterUpdate")
    ]
    for value in values or [tensor]:
        for kept, more in read.pairs(value, *ADDING):
            for held, beta in read.pairs(kept, "Mul"):
                rows = read.operands(held, *_GATHERING)
                of = read.variable(rows[0]) if rows else None
                for factor, rest in read.pairs(more, "Mul") if of else ():
                    if of and read.operands(rest, "Sub"):
                        return of, beta, factor
    return None
