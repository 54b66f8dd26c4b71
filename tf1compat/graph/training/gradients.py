"""Multipliers for fine-tuning: some variables learn slower than others, or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import GraphError, Problem, UsageError
from tf1compat.graph.items import GraphItem, expand_parts

__all__ = ["apply_with_multipliers", "multiplier_map", "scale_gradients"]

v1 = tf.compat.v1
GradsAndVars = Sequence[tuple[Any, Any]]
Multipliers = Iterable[tuple[Iterable[Any], float]]


def multiplier_map(multipliers: Multipliers, variables: Iterable[Any]) -> dict[str, float]:
    """Returns the multiplier of each of `variables` by name; each must have exactly one.

    Args:
      multipliers: pairs of variables (a query, for example) and their multiplier, finite and not
        negative.
      variables: the variables to account for.

    Raises:
      GraphError: variables without a multiplier or with several, and pairs that concern none of
        `variables`; all of them at once.
      UsageError: a multiplier that is negative or not finite.
    """
    wanted = [GraphItem(part) for value in variables for part in expand_parts(value)]
    found: dict[str, list[float]] = {item.name: [] for item in wanted}
    by_id = {id(item.value): item.name for item in wanted}
    problems: list[Problem] = []
    for at, (group, multiplier) in enumerate(multipliers):
        if not (math.isfinite(multiplier) and multiplier >= 0):
            raise UsageError(f"multiplier {at}: expected a number from 0 up, found {multiplier}")
        members = [by_id[id(p)] for v in group for p in expand_parts(v) if id(p) in by_id]
        if not members:
            label = f"multiplier {multiplier}"
            problems.append(Problem(label, "a variable that is trained", "none", f"pair {at}"))
        for name in members:
            found[name].append(float(multiplier))
    for name, several in found.items():
        if len(several) != 1:
            said = ", ".join(map(str, several)) or "none"
            remedy = "give it to one group"
            problems.append(Problem(name, "one multiplier", said, remedy=remedy))
    if problems:
        raise GraphError.from_problems("variables and multipliers don't match", problems)
    return {name: several[0] for name, several in found.items()}


def scale_gradients(
    grads_and_vars: GradsAndVars, multipliers: Multipliers
) -> list[tuple[Any, Any]]:
    """Returns the pairs with each gradient times its variable's multiplier.

    Goes between ``compute_gradients`` and ``apply_gradients``. With plain gradient descent or
    momentum this is a learning-rate multiplier; Adam, RMSProp and Adagrad divide by the gradient's
    own size and undo it: see :func:`apply_with_multipliers`.

    Args:
      grads_and_vars: pairs of a gradient (a tensor, ``tf.IndexedSlices`` or None) and a variable.
      multipliers: as for :func:`multiplier_map`. By 1 a gradient stays the same tensor; by 0 it
        becomes None, so that neither momentum nor weight decay moves the variable.

    Returns:
      New pairs, in the same order.

    Raises:
      GraphError, UsageError: as :func:`multiplier_map`.
    """
    pairs = list(grads_and_vars)
    factors = multiplier_map(multipliers, [variable for _, variable in pairs])
    return [
        (_scaled(gradient, factors[GraphItem(variable).name]), variable)
        for gradient, variable in pairs
    ]


def apply_with_multipliers(
    make_optimizer: Callable[[Any], tf.compat.v1.train.Optimizer],
    grads_and_vars: GradsAndVars,
    *,
    learning_rate: Any,
    multipliers: Multipliers,
    global_step: Any = None,
) -> tf.Operation:
    """Returns a train op under which each variable has its own learning rate, for any optimizer.

    Each group of variables with the same multiplier gets an optimizer of its own; so those of a
    second group on keep their beta powers under other names (``beta1_power_1``).

    Args:
      make_optimizer: makes an optimizer from a learning rate: ``tf.compat.v1.train.AdamOptimizer``.
      grads_and_vars: pairs of a gradient and a variable.
      learning_rate: a float or a scalar tensor.
      multipliers: as for :func:`multiplier_map`; variables with 0 aren't touched.
      global_step: a variable to add 1 to, or None.

    Raises:
      GraphError: as :func:`multiplier_map`, or there is no gradient to apply.
      UsageError: as :func:`multiplier_map`.
    """
    pairs = list(grads_and_vars)
    factors = multiplier_map(multipliers, [variable for _, variable in pairs])
    groups: dict[float, list[tuple[Any, Any]]] = {}
    for gradient, variable in pairs:
        factor = factors[GraphItem(variable).name]
        if factor and gradient is not None:
            groups.setdefault(factor, []).append((gradient, variable))
    if not groups:
        raise GraphError("no variable has both a gradient and a multiplier above 0")
    updates = [
        make_optimizer(learning_rate if factor == 1.0 else learning_rate * factor).apply_gradients(
            group
        )
        for factor, group in groups.items()
    ]
    # Each apply_gradients would count a step of its own; so it is counted here, and after all
    # updates, as Optimizer.apply_gradients does for one.
    if global_step is None:
        return tf.group(*updates, name="train")
    with tf.control_dependencies(updates):
        return tf.group(v1.assign_add(global_step, 1), name="train")


def _scaled(gradient: Any, factor: float) -> Any:
    if gradient is None or factor == 0.0:
        return None
    if factor == 1.0:
        return gradient
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(
            gradient.values * tf.cast(factor, gradient.values.dtype),
            gradient.indices,
            gradient.dense_shape,
        )
    return gradient * tf.cast(factor, gradient.dtype)
