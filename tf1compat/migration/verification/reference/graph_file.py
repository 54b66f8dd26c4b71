"""A v1 graph as a ``.meta`` file or a SavedModel holds it, read once: ops, inputs, variables."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import Any

from tf1compat.checkpoint import Checkpoint, MetaVariable, read_meta
from tf1compat.checkpoint.meta.messages import Message
from tf1compat.checkpoint.meta.meta_graph import meta_graph_bytes
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import CheckpointError, UsageError
from tf1compat.files.standing import state_of
from tf1compat.migration.verification.reference._inference import for_inference
from tf1compat.migration.verification.reference._quantization import in_float, ranges
from tf1compat.migration.verification.reference.input_specs import InputSpec, input_specs
from tf1compat.migration.verification.reference.signatures import (
    USUAL_SIGNATURES,
    OutputSpec,
    Signature,
    left_out,
    signatures_of,
    without_saver,
)
from tf1compat.migration.verification.reference.tensorflow_here import require_tensorflow
from tf1compat.names import nearest_names
from tf1compat.names.graph_names import op_name, tensor_name

__all__ = ["GraphFile", "graph_as_data", "graph_beside", "read_graph"]


@dataclasses.dataclass(frozen=True, eq=False)
class GraphFile:
    """The graph in a file; nothing of it is run.

    Attributes:
      path: the file.
      graph_def: its ``GraphDef``: TensorFlow's, or the same as data.
      signatures: by key, what a signature calls tensors.
      left_out: what belongs to the graph and is never run: initializers, tables, assets.
      meta_graph: the ``MetaGraphDef`` that all this is of; None where there is but a graph.
      changes: how the graph was changed from the file's, a sentence for each way.
    """

    path: str
    graph_def: Any
    signatures: Mapping[str, Signature] = dataclasses.field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    meta_graph: Any = None
    changes: tuple[str, ...] = ()

    @functools.cached_property
    def inference(self) -> tuple[Any, tuple[str, ...]]:
        """The graph as it computes when it doesn't train, and how it was changed for that."""
        changed, notes = for_inference(self.graph_def)
        return changed, (*self.changes, *notes)

    def of_variables(self, names: Collection[str]) -> GraphFile:
        """Returns the graph as a model of some variables computes, by their names in a checkpoint.

        Without quantizations, where none of the variables is one of their ranges.
        """
        held = [self.variables[op].name for op in ranges(self.graph_def)]
        if not held or not {*names}.isdisjoint(held):
            return self
        changed, notes = in_float(self.graph_def)
        return dataclasses.replace(self, graph_def=changed, changes=notes)

    @functools.cached_property
    def inputs(self) -> tuple[InputSpec, ...]:
        """Its placeholders, but for those of its savers, and what input pipelines give it."""
        return input_specs(self.graph_def)

    @functools.cached_property
    def variables(self) -> Mapping[str, MetaVariable]:
        """Its variables by the names of their ops; their own are those in the checkpoint."""
        meta = read_meta(self.path)
        named = meta.by_name()
        ops = {name: op for op, name in meta.renamed.items()}
        plain = {ops.get(name, name): variable for name, variable in named.items()}
        return plain | {op: named[name] for op, name in meta.renamed.items() if name in named}

    def signature(self, key: str = "") -> Signature | None:
        """Returns the signature of a key; of none, the one to serve by default, or the only one.

        Raises:
          UsageError: there is none of the key.
        """
        if not key:
            usual = [self.signatures[one] for one in USUAL_SIGNATURES if one in self.signatures]
            only = list(self.signatures.values()) if len(self.signatures) == 1 else []
            return next(iter([*usual, *only]), None)
        if key not in self.signatures:
            raise UsageError(
                f"{self.path}: expected a signature {key!r}, found "
                f"{', '.join(self.signatures) or 'none'}"
            )
        return self.signatures[key]

    def tensor(self, name: str, called: Mapping[str, OutputSpec]) -> str:
        """Returns a tensor's name as it is, or of what a signature calls so, if no op is."""
        return name if op_name(name) in self._ops or name not in called else called[name].name

    @functools.cached_property
    def _ops(self) -> frozenset[str]:
        return frozenset(node.name for node in self.graph_def.node)

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
    """Returns the graph in a ``.meta`` file, or the one of a SavedModel to run.

    Raises:
      UsageError: it is none, or TensorFlow isn't here.
    """
    require_tensorflow()
    name = os.fspath(path)
    try:
        return _read(name, state_of(name))
    except CheckpointError as error:
        raise UsageError(str(error)) from error


def graph_as_data(path: str | os.PathLike[str]) -> GraphFile:
    """Returns the same without TensorFlow, to be looked at alone.

    What is damaged within is met where it is looked at, which raises a WireError.

    Raises:
      UsageError: it is none.
    """
    name = os.fspath(path)
    try:
        read_meta(name)  # which looks whether it is sound
        return _graph_file(name, Message("MetaGraphDef", meta_graph_bytes(name)))
    except CheckpointError as error:
        raise UsageError(str(error)) from error
    except WireError as error:
        raise UsageError(f"{name}: expected a graph, found {error.message}") from error


@functools.lru_cache(maxsize=1)
def _read(path: str, state: tuple[Hashable, ...]) -> GraphFile:
    """Returns what a file holds; settling, proving and serving read the same one in turn."""
    import tensorflow as tf

    read_meta(path)  # which looks whether it is sound
    meta = tf.compat.v1.MetaGraphDef()
    data = meta_graph_bytes(path)
    try:
        meta.ParseFromString(data)
        return _graph_file(path, meta)
    except Exception as error:  # protobuf's DecodeError has no public name
        raise UsageError(f"{path}: expected a graph, found {error}") from error


def _graph_file(path: str, meta: Any) -> GraphFile:
    return GraphFile(
        path,
        without_saver(meta),
        signatures_of(meta),
        left_out=left_out(meta),
        meta_graph=meta,
    )


def graph_beside(
    checkpoint: Checkpoint, read: Callable[[str], GraphFile] = read_graph
) -> GraphFile:
    """Returns the graph that a checkpoint's format has beside it.

    Args:
      checkpoint: the checkpoint.
      read: reads it: to be run, or as data.

    Raises:
      UsageError: there is none, or it can't be read.
    """
    if checkpoint.graph_path is None:
        raise UsageError(
            f"{checkpoint.prefix}: expected a .meta file beside it, found none; nor is it in a "
            "SavedModel, whose saved_model.pb has one"
        )
    return read(checkpoint.graph_path)
