"""Weight regularizers, as `tf.contrib.layers` had them, and the names TF 1.15's layers took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError

__all__ = ["resolve_regularizer"]


def _keras_l1_l2(l1: float = 0.0, l2: float = 0.0) -> Any:
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
