"""Variables that belong to training and are no weight of a model, and why."""

from __future__ import annotations

from tf1compat.names.parse import VariableName
from tf1compat.names.reasons import Kind, Reason

__all__ = ["TRAINING_KINDS", "companion_reason", "training_reason"]

_BY_NAME_KIND = {
    "slot": Kind("slot", "slot {slot} of {of}", "slot {slot}"),
    "shadow": Kind("average", "moving average of {of}", "moving average"),
    "global_step": Kind("global_step", "global step"),
    "optimizer_state": Kind("optimizer_state", "optimizer state"),
    "save_counter": Kind("save_counter", "counter of saves"),
    "metric": Kind("metric", "state of a metric"),
    "random_state": Kind("random_state", "state of a random generator"),
    "object_graph": Kind("object_graph", "object graph of an object-based checkpoint"),
    "loss_scale": Kind("loss_scale", "state of loss scaling"),
    "loss_average": Kind("loss_average", "moving average of a loss"),
}
TRAINING_KINDS: tuple[Kind, ...] = tuple(_BY_NAME_KIND.values())
"""Every kind of reason that :func:`training_reason` gives."""


def companion_reason(name: str, leaf: str, of: str) -> Reason:
    """Returns why a variable that stands below another, `of`, is its companion.

    Args:
      name: what it would be, as `VariableName.kind` has it: ``'slot'`` or ``'shadow'``.
      leaf: its own part of its name.
      of: the name of the variable whose companion it is.

    >>> companion_reason("slot", "Adam_1", "w")
    Reason(slot Adam_1 of w)
    """
    return _BY_NAME_KIND[name].because(slot=leaf, of=of)


def training_reason(name: VariableName) -> Reason | None:
    """Returns why a variable is no weight of the model; None if it may be one.

    Facts: the `slot`, and the variable that it is a slot or an average `of`.

    >>> training_reason(VariableName("w/Adam", "w", "Adam", kind="slot", slot="Adam", slot_of="w"))
    Reason(slot Adam of w)
    >>> training_reason(VariableName("w", "", "w")) is None
    True
    """
    kind = _BY_NAME_KIND.get(name.kind)
    facts = {"slot": name.slot, "of": name.slot_of or name.shadow_of}
    given = {fact: value for fact, value in facts.items() if value is not None}
    return None if kind is None else kind.because(**given)
