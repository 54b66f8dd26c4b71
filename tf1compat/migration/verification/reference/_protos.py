"""Dtypes and shapes as protocol buffers have them, by name and in plain sizes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from tf1compat.checkpoint.stored_types import stored_type
from tf1compat.names.graph_names import op_name

__all__ = [
    "behind",
    "constant_number",
    "dtype_of",
    "number_of",
    "parsed_types",
    "pass_on",
    "sizes_of",
]

_INT64 = 9  # DT_INT64
_REFERENCE = 100  # what numbers of references are above: DT_FLOAT_REF is 101
_PASSING = frozenset(("Identity",))
_FAR = 1000  # ops of one way back


def constant_number(node: Any) -> float | None:
    """Returns the number that all elements of a ``Const`` are; None where they aren't one."""
    tensor = node.attr["value"].tensor
    values = [*tensor.float_val, *tensor.double_val, *tensor.int_val, *tensor.int64_val]
    if len(values) == 1:  # whatever the shape, all elements are that
        return float(values[0])
    if values or any(dim.size != 1 for dim in tensor.tensor_shape.dim):
        return None
    return _single(tensor)


def _single(tensor: Any) -> float | None:
    """Returns the only element of a TensorProto that has it in no list of numbers of 32 or 64 bits.

    In bytes, or where other dtypes have it; 0 where it is nowhere, as protocol buffers have zeros.
    """
    stored = stored_type(tensor.dtype)
    if not stored.itemsize or stored.name.startswith("complex"):
        return None
    others = (tensor.bool_val, tensor.uint32_val, tensor.uint64_val)
    try:
        if tensor.tensor_content:
            found = np.frombuffer(tensor.tensor_content, stored.numpy())
        elif tensor.half_val:
            found = np.array(tensor.half_val, np.uint16).view(stored.numpy())
        else:
            found = np.array([one for some in others for one in some] or [0])
    except (ValueError, OverflowError):
        return None
    return float(found[0]) if found.size == 1 else None


def number_of(tensor: str, nodes: Mapping[str, Any]) -> float | None:
    """Returns the number that all elements of a tensor are; None where it isn't constant."""
    node = behind(nodes[op_name(tensor)], nodes, _PASSING)
    if node.op == "ZerosLike":
        return 0.0
    if node.op == "Fill":
        node = behind(nodes[op_name(node.input[1])], nodes, _PASSING)
    return constant_number(node) if node.op == "Const" else None


def behind(node: Any, nodes: Mapping[str, Any], through: Collection[str]) -> Any:
    """Returns the first node that isn't of ops `through`, back through their first inputs.

    In a ring of such there is none: then it is one of them.
    """
    for _ in range(_FAR):
        if node.op not in through or not node.input:
            break
        node = nodes[op_name(node.input[0])]
    return node


def pass_on(node: Any, tensor: str) -> int:
    """Lets an op give another tensor's value; returns how many were changed: one."""
    node.op = "Identity"
    del node.input[:]
    node.input.append(tensor)
    return 1


def dtype_of(number: int) -> str:
    """Returns a DataType by name; "" where it is none."""
    plain = number - _REFERENCE if number > _REFERENCE else number
    stored = stored_type(plain)
    if not stored.is_known:
        return ""
    return f"{stored.name}_ref" if number > _REFERENCE else stored.name


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
