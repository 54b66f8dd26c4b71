"""Variables as `tf.contrib` layers made them: filed in MODEL_VARIABLES too, outputs named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tf1compat.graph.building import variables_filed
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import CollectionKeys, ShapeLike, Tensor, Variable, VariablesCollections

__all__ = ["collect_named_outputs", "collections_for", "model_variable"]

v1 = tf.compat.v1


def model_variable(
    name: str, shape: ShapeLike = None, collections: CollectionKeys = None, **kwargs: Any
) -> Variable:
    """Gets or makes a variable filed in MODEL_VARIABLES as well.

    Mirrors `tf.contrib.framework.model_variable` of TensorFlow 1.15.

    Args:
      name: its name in the current variable scope.
      shape: its shape.
      collections: more collections to file it in, a sequence of keys.
      **kwargs: other arguments of `get_variable`.

    Raises:
      GraphError: (a `ValueError`) no graph is being built that could file it.
    """
    # GLOBAL_VARIABLES always, also beside collections of one's own; `get_variable` wouldn't.
    keys = [*(collections or ()), v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.MODEL_VARIABLES]
    # 1.15 removed doubles with a set, in no order; here the order is kept.
    with variables_filed(f"variable {name}"):
        return get_variable(name, shape, collections=list(dict.fromkeys(keys)), **kwargs)


def collections_for(variables_collections: VariablesCollections, name: str) -> CollectionKeys:
    """Returns the collections for one variable: a sequence for all, or a mapping by name."""
    if isinstance(variables_collections, Mapping):
        return variables_collections.get(name)
    return variables_collections


def collect_named_outputs(collections: CollectionKeys, alias: str, outputs: Tensor) -> Tensor:
    """Files `outputs` in the collections, if any, and returns them."""
    for key in [collections] if isinstance(collections, str) else collections or ():
        v1.add_to_collection(key, outputs)
    return outputs
