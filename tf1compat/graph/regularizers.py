"""Weight regularizers, as `tf.contrib.layers` had them, and the names TF 1.15's layers took."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import GraphError, UsageError

__all__ = [
    "apply_regularization",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "resolve_regularizer",
    "sum_regularizer",
]

v1 = tf.compat.v1

Regularizer = Callable[[Any], Any]


def l1_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """Returns a function of weights: `scale * sum(|w|)`, a scalar in the weights' dtype.

    Mirrors `tf.contrib.layers.l1_regularizer`. A scale of 0. returns a function to None.

    Args:
      scale: a float, not below 0; or a scalar tensor.
      scope: name scope, by default "l1_regularizer".

    Raises:
      UsageError: (a `ValueError`) `scale` is an integer or below 0.
    """
    return _scaled(scale, scope, "l1_regularizer", lambda w: tf.reduce_sum(tf.abs(w)))


def l2_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """Returns a function of weights: `scale * sum(w ** 2) / 2`, a scalar in the weights' dtype.

    Mirrors `tf.contrib.layers.l2_regularizer`: mind the half, which Keras' l2 doesn't have.

    Args:
      scale: a float, not below 0; or a scalar tensor.
      scope: name scope, by default "l2_regularizer".

    Raises:
      UsageError: (a `ValueError`) `scale` is an integer or below 0.
    """
    return _scaled(scale, scope, "l2_regularizer", tf.nn.l2_loss)


def l1_l2_regularizer(
    scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: str | None = None
) -> Regularizer:
    """Returns the sum of both penalties; mirrors `tf.contrib.layers.l1_l2_regularizer`.

    Args:
      scale_l1: see `l1_regularizer`.
      scale_l2: see `l2_regularizer`.
      scope: name scope, by default "l1_l2_regularizer".

    Raises:
      UsageError: (a `ValueError`) a scale is an integer or below 0.
    """
    scope = scope or "l1_l2_regularizer"
    _check_scale(scale_l1, "scale_l1")
    _check_scale(scale_l2, "scale_l2")
    # As in contrib, the one penalty that is left has its op called l1_l2_regularizer.
    if isinstance(scale_l1, numbers.Real) and scale_l1 == 0.0:
        return l2_regularizer(scale_l2, scope)
    if isinstance(scale_l2, numbers.Real) and scale_l2 == 0.0:
        return l1_regularizer(scale_l1, scope)
    both = sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope)
    return both if both is not None else lambda weights: None


def sum_regularizer(
    regularizer_list: Sequence[Regularizer | None], scope: str | None = None
) -> Regularizer | None:
    """Returns the sum of several regularizers, or None of none.

    Mirrors `tf.contrib.layers.sum_regularizer`; entries that are None are left out.
    """
    given = [regularizer for regularizer in regularizer_list if regularizer is not None]
    if not given:
        return None

    def penalty(weights: Any) -> Any:
        with v1.name_scope(scope, "sum_regularizer", [weights]) as name:
            terms = [regularizer(weights) for regularizer in given]
            terms = [term for term in terms if term is not None]
            return tf.add_n(terms, name=name) if terms else None

    return penalty


def apply_regularization(
    regularizer: Regularizer, weights_list: Sequence[Any] | None = None
) -> Any:
    """Returns the sum of `regularizer` over weights, and files it in REGULARIZATION_LOSSES.

    Mirrors `tf.contrib.layers.apply_regularization`.

    Args:
      regularizer: maps weights to a scalar tensor or None.
      weights_list: the weights; by default those of the collection WEIGHTS.

    Raises:
      GraphError: (a `ValueError`) no weights, or a penalty that isn't a scalar.
    """
    weights = list(weights_list or v1.get_collection(v1.GraphKeys.WEIGHTS))
    if not weights:
        raise GraphError("No weights to regularize: neither given nor in the collection WEIGHTS.")
    with v1.name_scope("get_regularization_penalty", values=weights) as scope:
        penalties = [regularizer(weight) for weight in weights]
        penalties = [tf.constant(0.0) if p is None else p for p in penalties]
        for penalty in penalties:
            if penalty.shape.rank != 0:
                raise GraphError(
                    "regularizer must return a scalar Tensor instead of a Tensor with rank "
                    f"{penalty.shape.rank}."
                )
        total = tf.add_n(penalties, name=scope)
        v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, total)
        return total


def _check_scale(scale: Any, name: str = "scale") -> None:
    # contrib takes any integer, 0 and True too, for a slip: 0. is what turns a regularizer off.
    if isinstance(scale, numbers.Integral):
        raise UsageError(f"{name} cannot be an integer: {scale}")
    if isinstance(scale, numbers.Real) and float(scale) < 0.0:
        raise UsageError(f"Setting a scale less than 0 on a regularizer: {float(scale):g}")


def _scaled(scale: Any, scope: str | None, default: str, norm: Regularizer) -> Regularizer:
    _check_scale(scale)
    if isinstance(scale, numbers.Real) and scale == 0.0:
        return lambda weights: None

    def penalty(weights: Any, name: str | None = None) -> Any:
        with v1.name_scope(scope or name, default, [weights]) as opened:
            factor = tf.convert_to_tensor(scale, dtype=weights.dtype.base_dtype, name="scale")
            return tf.multiply(factor, norm(weights), name=opened)

    return penalty


def _keras_l1_l2(l1: float = 0.0, l2: float = 0.0) -> Regularizer:
    """Keras' penalty, l1 * sum|w| + l2 * sum w^2: unlike contrib's there is no half."""

    def penalty(weights: Any) -> Any:
        terms = []
        if l1:
            terms.append(l1 * tf.reduce_sum(tf.abs(weights)))
        if l2:
            terms.append(l2 * tf.reduce_sum(tf.square(weights)))
        return sum(terms[1:], terms[0]) if terms else tf.constant(0.0)

    return penalty


def resolve_regularizer(given: Any) -> Any:
    """Returns the regularizer that `given` means: a function, a name, a config dict or None.

    The names are those of Keras in TF 1.15: ``"l1"``, ``"l2"``, ``"l1_l2"`` (0.01 each).

    Raises:
      UsageError: (a `ValueError`) an unknown name, or something that isn't callable.
    """
    if given is None or callable(given):
        return given
    defaults: dict[str, dict[str, float]] = {
        "l1": {"l1": 0.01},
        "l2": {"l2": 0.01},
        "l1_l2": {"l1": 0.01, "l2": 0.01},
        "L1L2": {},
    }
    name, config = given, {}
    if isinstance(given, Mapping):
        name, config = given["class_name"], dict(given.get("config", {}))
    if not isinstance(name, str) or name not in defaults:
        raise UsageError(
            f"Could not interpret regularizer identifier: {given!r}; pass a function or one of "
            f"{', '.join(sorted(defaults))}"
        )
    if name in ("l1", "l2") and "l" in config:
        config = {name: config["l"]}
    return _keras_l1_l2(**(defaults[name] | config))
