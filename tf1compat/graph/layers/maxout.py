"""`maxout`, as `tf.contrib.layers` had it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.layers._arguments import as_tensor
from tf1compat.graph.types import ScopeLike, Tensor, TensorLike

__all__ = ["maxout"]

v1 = tf.compat.v1


def maxout(inputs: TensorLike, num_units: int, axis: int = -1, scope: ScopeLike = None) -> Tensor:
    """Returns the greatest of each run of features, leaving `num_units` features along `axis`.

    Mirrors `tf.contrib.layers.maxout` (Goodfellow et al., arXiv:1302.4389).

    Args:
      inputs: tensor whose size along `axis` is known and a multiple of `num_units`.
      num_units: features left.
      axis: the features' axis.
      scope: variable scope (it holds no variable); by default "MaxOut", made unique.

    Returns:
      A tensor like `inputs`, of size `num_units` along `axis`.

    Raises:
      UsageError: (a `ValueError`) the features aren't a multiple of `num_units`.
    """
    # A variable scope without a variable: contrib's functions name their ops by one all the same.
    with v1.variable_scope(scope, "MaxOut", [inputs]):
        inputs = as_tensor(inputs)
        sizes = inputs.shape.as_list()
        features = sizes[axis]
        if features is None or features % num_units:
            raise UsageError(
                f"number of features({features}) is not a multiple of num_units({num_units})"
            )
        sizes[axis] = num_units
        dynamic: Any = v1.shape(inputs) if None in sizes else None
        shape = [dynamic[i] if size is None else size for i, size in enumerate(sizes)]
        return tf.reduce_max(tf.reshape(inputs, [*shape, features // num_units]), -1)
