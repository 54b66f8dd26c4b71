"""Less than all: without what belongs to training, or one scope alone."""

from __future__ import annotations

from collections.abc import Sequence

from tf1compat.checkpoint.surgery.planned_tensors import Edit, Planned, require_name_based
from tf1compat.errors import UsageError
from tf1compat.names import in_scope
from tf1compat.names.nearest import nearest_scopes
from tf1compat.names.training_state import training_reason

__all__ = ["drop_slots", "extract"]

_SLOTS = ("slot", "optimizer_state")
_AVERAGE = "average"


def drop_slots(tensors: Sequence[Planned], *, averages: str = "keep") -> Edit:
    """Leaves out optimizers' slots and their own numbers (``beta1_power``).

    Args:
      tensors: of one checkpoint.
      averages: ``"keep"`` or ``"drop"``: moving averages are often what is served.

    Raises:
      UsageError: `averages` is neither.
    """
    if averages not in ("keep", "drop"):
        raise UsageError(f"averages: expected keep or drop, found {averages!r}")
    require_name_based(tensors)
    kinds = (*_SLOTS, *((_AVERAGE,) if averages == "drop" else ()))
    kept, left_out = [], []
    for one in tensors:
        reason = training_reason(one.said)
        if reason is not None and reason.kind.name in kinds:
            left_out.append((one.name, reason.folded))
        else:
            kept.append(one)
    return Edit(tuple(kept), tuple(left_out))


def extract(tensors: Sequence[Planned], scope: str, *, companions: str = "drop") -> Edit:
    """Leaves out all that isn't in a scope, which ends at its slash: ``a`` holds no ``ab/w``.

    Args:
      tensors: of one checkpoint.
      scope: of the variables; one variable's name is no scope.
      companions: what becomes of slots and moving averages of what is kept: ``"keep"``, wherever
        they stand, or ``"drop"``.

    Raises:
      UsageError: there is no such scope, or `companions` is neither.
    """
    if companions not in ("keep", "drop"):
        raise UsageError(f"companions: expected keep or drop, found {companions!r}")
    inside = {one.name for one in tensors if in_scope(one.name, scope)}
    if not inside:
        near = nearest_scopes(scope, (one.name for one in tensors))
        raise UsageError(f"scope {scope!r}: expected variables in it, found none; nearest: {near}")

    def stays(one: Planned) -> bool:
        if one.of:
            return companions == "keep" and one.of in inside
        return one.name in inside

    kept = tuple(one for one in tensors if stays(one))
    left = [(one.name, _why(one, inside, scope)) for one in tensors if not stays(one)]
    return Edit(kept, tuple(left))


def _why(one: Planned, inside: set[str], scope: str) -> str:
    return "a slot or an average" if one.name in inside else f"not in {scope}"
