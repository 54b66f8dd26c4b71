"""What a v1 graph takes: its placeholders, and what its input pipelines give it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from tf1compat.migration.verification.reference._protos import dtype_of, parsed_types, sizes_of
from tf1compat.migration.verification.reference.safe_ops import (
    INPUT_OPS,
    PARSING_OPS,
    PIPELINE_OPS,
)
from tf1compat.names.graph_names import op_name

__all__ = ["InputSpec", "input_specs"]

_SAVING = frozenset(
    ("Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2", "ShardedFilename")
)


@dataclasses.dataclass(frozen=True)
class InputSpec:
    """A placeholder, or what an input pipeline gives.

    Attributes:
      name: its tensor's name, with the number of the op's output.
      dtype: by name.
      shape: its static shape, None for sizes that are unknown; None where the rank is.
      optional: whether it has a value of its own (``tf.placeholder_with_default``).
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None
    optional: bool


def input_specs(graph_def: Any) -> tuple[InputSpec, ...]:
    """Returns the inputs of a ``GraphDef``: placeholders, then what input pipelines give.

    Placeholders of its savers are none.
    """
    savers = {op_name(one) for node in graph_def.node if node.op in _SAVING for one in node.input}
    savers |= {op_name(one) for node in graph_def.node if node.name in savers for one in node.input}
    placeholders = [
        _input(node) for node in graph_def.node if node.op in INPUT_OPS and node.name not in savers
    ]
    pipelines = [one for node in graph_def.node if node.op in PIPELINE_OPS for one in _given(node)]
    return (*placeholders, *pipelines)


def _input(node: Any) -> InputSpec:
    shape = node.attr["shape"].shape if "shape" in node.attr else None
    return InputSpec(
        name=f"{node.name}:0",
        dtype=dtype_of(node.attr["dtype"].type),
        shape=sizes_of(shape),
        optional=node.op == "PlaceholderWithDefault",
    )


def _given(node: Any) -> Iterator[InputSpec]:
    """Yields what an input pipeline gives."""
    if node.op in PARSING_OPS:
        yield from _parsed(node)
        return
    types = node.attr["output_types"].list.type or node.attr["component_types"].list.type
    shapes = node.attr["output_shapes"].list.shape or [None] * len(types)
    for number, (dtype, shape) in enumerate(zip(types, shapes, strict=False)):
        yield InputSpec(f"{node.name}:{number}", dtype_of(dtype), sizes_of(shape), optional=False)


def _parsed(node: Any) -> Iterator[InputSpec]:
    """Yields the dense features of a batch of examples; they come after what is sparse."""
    first = len(parsed_types(node)[0])
    shapes = node.attr["dense_shapes"].list.shape
    for number, (dtype, shape) in enumerate(
        zip(node.attr["Tdense"].list.type, shapes, strict=False)
    ):
        sizes = sizes_of(shape)
        known = None if sizes is None else (None, *sizes)
        yield InputSpec(f"{node.name}:{first + number}", dtype_of(dtype), known, optional=False)
