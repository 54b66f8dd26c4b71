"""The variables that a plan's lines are of: a model's weights, and those of its optimizer."""

from __future__ import annotations

from collections.abc import Mapping

from tf1compat.errors import PlanError
from tf1compat.keras3 import ModelIndex, Weight
from tf1compat.keras3.index.optimizer_index import index_optimizer
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.specs import target_spec
from tf1compat.migration.values import check_same_side

__all__ = ["targets_of"]


def targets_of(plan: Plan, index: ModelIndex) -> Mapping[str, Weight]:
    """Returns the weights of a model, and the variables of its optimizer that a plan speaks of.

    Raises:
      PlanError: the plan was made for a model with another optimizer.
    """
    if plan.training is None:
        return index
    optimizer = index_optimizer(index)
    if optimizer is None or optimizer.kind != plan.training.optimizer:
        found = "none" if optimizer is None else optimizer.kind
        raise PlanError(
            f"this plan was made for a model with the optimizer {plan.training.optimizer}, found "
            f"{found}; make it anew"
        )
    variables = {path: one.weight for path, one in optimizer.items()}
    specs = {path: target_spec(weight) for path, weight in variables.items()}
    check_same_side("optimizer", plan.training.targets, specs)
    return {**index, **variables}
