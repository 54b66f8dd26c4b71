"""A v1 graph as its ``.meta`` file holds it, read once: ops, inputs, variables."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tf1compat.checkpoint import Checkpoint, MetaVariable, read_meta
from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference._inference import for_inference
from tf1compat.migration.verification.reference._safe_ops import INPUT_OPS, PIPELINE_OPS
from tf1compat.names import nearest_names
from tf1compat.names.graph_names import op_name, tensor_name

__all__ = ["GraphFile", "InputSpec", "graph_beside", "input_specs", "read_graph"]

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


@dataclasses.dataclass(frozen=True, eq=False)
class GraphFile:
    """The graph in a file; nothing of it is run.

    Attributes:
      path: the file.
      graph_def: its ``GraphDef``.
      signatures: by key, what a signature calls tensors: ``inputs`` and ``outputs`` by name.
    """

    path: str
    graph_def: Any
    signatures: Mapping[str, Mapping[str, Mapping[str, str]]] = dataclasses.field(
        default_factory=dict
    )

    @functools.cached_property
    def inference(self) -> tuple[Any, tuple[str, ...]]:
        """The graph as it computes when it doesn't train, and how it was changed for that."""
        return for_inference(self.graph_def)

    @functools.cached_property
    def inputs(self) -> tuple[InputSpec, ...]:
        """Its placeholders, but for those of its savers, and what input pipelines give it."""
        return input_specs(self.graph_def)

    @functools.cached_property
    def variables(self) -> Mapping[str, MetaVariable]:
        """Its variables by the names of their ops."""
        return {variable.name: variable for variable in read_meta(self.path).variables}

    def require(self, names: Iterable[str]) -> None:
        """Raises UsageError where it has no op of one of these tensors, with the nearest."""
        ops = [node.name for node in self.graph_def.node]
        known = set(ops)
        for name in names:
            if op_name(name) not in known:
                near = ", ".join(nearest_names(op_name(name), ops))
                raise UsageError(
                    f"{self.path}: expected a tensor named {tensor_name(name)}, found none; "
                    f"nearest: {near}"
                )


def read_graph(path: str | os.PathLike[str]) -> GraphFile:
    """Returns the graph in a ``.meta`` file.

    Raises:
      UsageError: it is none.
    """
    import tensorflow as tf

    meta = tf.compat.v1.MetaGraphDef()
    try:
        with open(path, "rb") as file:
            meta.ParseFromString(file.read())
    except Exception as error:  # protobuf's DecodeError has no public name
        raise UsageError(f"{os.fspath(path)}: expected a graph, found {error}") from error
    signatures = {
        key: {"inputs": _tensors(one.inputs), "outputs": _tensors(one.outputs)}
        for key, one in sorted(meta.signature_def.items())
    }
    return GraphFile(os.fspath(path), meta.graph_def, signatures)


def _tensors(named: Mapping[str, Any]) -> dict[str, str]:
    return {name: info.name for name, info in sorted(named.items())}


def graph_beside(checkpoint: Checkpoint) -> GraphFile:
    """Returns the graph that a checkpoint's format has beside it.

    Raises:
      UsageError: there is none, or it can't be read.
    """
    if checkpoint.graph_path is None:
        raise UsageError(f"{checkpoint.prefix}: expected a .meta file beside it, found none")
    return read_graph(checkpoint.graph_path)


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
        dtype=_dtype(node.attr["dtype"].type),
        shape=_sizes(shape),
        optional=node.op == "PlaceholderWithDefault",
    )


def _given(node: Any) -> Iterator[InputSpec]:
    """Yields what an input pipeline gives."""
    types = node.attr["output_types"].list.type or node.attr["component_types"].list.type
    shapes = node.attr["output_shapes"].list.shape or [None] * len(types)
    for number, (dtype, shape) in enumerate(zip(types, shapes, strict=False)):
        yield InputSpec(f"{node.name}:{number}", _dtype(dtype), _sizes(shape), optional=False)


def _dtype(number: int) -> str:
    import tensorflow as tf

    return str(tf.DType(number).name)


def _sizes(shape: Any) -> tuple[int | None, ...] | None:
    if shape is None or shape.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in shape.dim)
