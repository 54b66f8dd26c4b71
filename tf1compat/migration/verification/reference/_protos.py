"""Dtypes and shapes as protocol buffers have them, by name and in plain sizes."""

from __future__ import annotations

from typing import Any

__all__ = ["dtype_of", "sizes_of"]


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
