"""Weights kept in numbered shards, as the oldest contrib cells have them."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import DTypeLike, Tensor

__all__ = ["concatenated_variable"]

v1 = tf.compat.v1


def concatenated_variable(name: str, shape: list[int], *, dtype: DTypeLike, shards: int) -> Tensor:
    """Returns a weight of `shape` kept as variables `<name>_0`, `<name>_1`, ... along axis 0.

    The shards' concatenation is kept in the CONCATENATED_VARIABLES collection and made once.

    Raises:
      UsageError: (a `ValueError`) more shards than rows.
    """
    if shards > shape[0]:
        raise UsageError(f"Too many shards: shape={shape}, num_shards={shards}")
    # The first shards are a row longer; a partitioner would cut so too, but name them `part_N`.
    rows, more = divmod(shape[0], shards)
    parts = [
        get_variable(f"{name}_{index}", [rows + (index < more), *shape[1:]], dtype=dtype)
        for index in range(shards)
    ]
    # One shard is still `<name>_0`, and needs no concatenation.
    if len(parts) == 1:
        return parts[0]
    key = v1.GraphKeys.CONCATENATED_VARIABLES
    full_name = f"{v1.get_variable_scope().name}/{name}/concat:0"
    # Found by its name, else every step of an unrolled network would concatenate anew.
    for tensor in v1.get_collection(key):
        if tensor.name == full_name:
            return tensor
    joined = tf.concat(parts, 0, name=f"{name}/concat")
    v1.add_to_collection(key, joined)
    return joined
