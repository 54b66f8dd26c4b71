"""Dtypes and shapes as protocol buffers have them, by name and in plain sizes."""

from __future__ import annotations

from typing import Any

__all__ = ["dtype_of", "parsed_types", "sizes_of"]

_INT64 = 9  # DT_INT64


def dtype_of(number: int) -> str:
    """Returns a DataType by name; "" where it is none."""
    import tensorflow as tf

    try:
        return str(tf.DType(number).name) if number else ""
    except (TypeError, ValueError, KeyError):
        return ""


def sizes_of(shape: Any) -> tuple[int | None, ...] | None:
    """Returns a TensorShapeProto with None for sizes that are unknown; None where the rank is."""
    if shape is None or shape.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in shape.dim)


def parsed_types(node: Any) -> tuple[list[int], list[int]]:
    """Returns the DataTypes of what an op makes of serialized examples: sparse, and all the rest.

    Of sparse features all indices come first, then all values, then all shapes; then dense ones,
    and ragged ones with their splits.
    """
    attr = node.attr
    values = list(attr["sparse_types"].list.type)
    indices = [_INT64] * len(values)
    rest = [*attr["Tdense"].list.type, *attr["ragged_value_types"].list.type]
    return [*indices, *values, *indices], [*rest, *attr["ragged_split_types"].list.type]
