"""What copies of a layer share with it, and what they have for themselves."""

from __future__ import annotations

import copy
from typing import Any

import tensorflow as tf

__all__ = ["copy_of"]


def copy_of(name: str, value: Any, memo: dict[int, Any]) -> Any:
    """Returns what a copied layer holds as attribute `name`; a list is always one of its own."""
    # 1.15's `tf.layers.Layer.__deepcopy__` has these cases too, `no_copy` and `shallow_copy`.
    if name == "_graph":
        return value
    if name == "_scope":  # a scope can be changed in place, its graph can't be copied
        return copy.copy(value)
    if _is_graph_value(value):
        return copy.copy(value) if isinstance(value, list) else value
    return copy.deepcopy(value, memo)


def _is_graph_value(value: Any) -> bool:
    # The first leaf speaks for all, as in 1.15's `is_tensor_or_tensor_list`; that knew tensors
    # only, so that a layer with variables couldn't be copied at all.
    leaves = tf.nest.flatten(value)
    kinds: tuple[Any, ...] = (tf.Tensor, tf.Variable, tf.Operation, tf.Graph)
    return bool(leaves) and (
        isinstance(leaves[0], kinds) or hasattr(leaves[0], "as_tensor")  # partitioned
    )
