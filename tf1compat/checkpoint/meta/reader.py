"""What a MetaGraphDef (a ``.meta`` file, or a SavedModel's) tells about a checkpoint's variables.

It is read as data: no graph is built, nothing in it is run, and TensorFlow isn't needed.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Hashable, Mapping
from types import MappingProxyType

from tf1compat.budget import Budget
from tf1compat.checkpoint.bundle.file_names import checkpoint_of_graph, graph_beside
from tf1compat.checkpoint.bundle.reader import Bundle
from tf1compat.checkpoint.meta._data_flow import variable_flow
from tf1compat.checkpoint.meta._facts import (
    consumers,
    described,
    initializer_ops,
)
from tf1compat.checkpoint.meta._graph_at import graph_at
from tf1compat.checkpoint.meta._graph_def import Graph, RawVariable
from tf1compat.checkpoint.meta._inlining import inlined
from tf1compat.checkpoint.meta._rows_apart import rows_apart
from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.checkpoint.meta.graph_uses import Uses, find_uses
from tf1compat.checkpoint.meta.slice_info import SliceInfo
from tf1compat.checkpoint.stored_types import stored_type
from tf1compat.errors import CheckpointError, CheckpointNotFoundError, CorruptCheckpointError
from tf1compat.files.standing import exists, state_of
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["Meta", "MetaVariable", "read_meta"]


@dataclasses.dataclass(frozen=True)
class MetaVariable:
    """A variable of the graph.

    Attributes:
      name: the name of its op (``tf.Variable.op.name``), without ``:0``; in a SavedModel of
        TensorFlow 2, whose ops may have any, the one that the checkpoint has it under.
      shape: its shape, None for sizes that are unknown; None where the rank is.
      dtype_name: ``tf.DType.name``.
      op_type: ``VariableV2``, ``VarHandleOp`` (a resource variable), or one of the others of
        ``tf1compat.names.op_types.VARIABLE_OPS``.
      trainable: whether it is in ``TRAINABLE_VARIABLES``; where that collection wasn't exported,
        whether it was made to be.
      collections: the keys of the collections it is in, sorted.
      initializer_op_types: the ops that compute its initial value, nearest first.
      consumer_op_types: the ops that compute with its value, in graph order, without doubles;
        reads, assignments of a value and saving aren't among them.
      slice_info: for a part of a partitioned variable, which part.
    """

    name: str
    shape: tuple[int | None, ...] | None
    dtype_name: str
    op_type: str
    trainable: bool
    collections: tuple[str, ...]
    initializer_op_types: tuple[str, ...]
    consumer_op_types: tuple[str, ...]
    slice_info: SliceInfo | None


@dataclasses.dataclass(frozen=True)
class Meta:
    """What a ``.meta`` file tells, or the graph of a SavedModel.

    Attributes:
      path: the file.
      variables: all variables, in order of creation.
      collections: every collection by its key; a variable as the name of its op, another node or
        tensor by its name, and of other members only what they are (``<139 bytes>``).
      saver: the SaverDef's fields: ``filename``, ``save``, ``restore_op`` (names of tensors and of
        an op, which nothing here ever runs), ``max_to_keep``, ``sharded``, ``version`` (1 or 2).
      tensorflow_version: of the program that wrote it, such as ``"1.15.5"``.
      flow: for each variable that the forward pass uses, the variables that feed it directly; see
        :func:`tf1compat.checkpoint.meta._data_flow.variable_flow`.
      uses: how the forward pass uses variables where the place of each number depends on it.
      renamed: by the name of its op, what a variable of a SavedModel of TensorFlow 2 goes by here.
      joins: where what variables of the forward pass made is added up or put side by side.
    """

    path: str
    variables: tuple[MetaVariable, ...]
    collections: Mapping[str, tuple[str, ...]]
    saver: Mapping[str, str | int]
    tensorflow_version: str
    flow: Mapping[str, tuple[str, ...]]
    uses: Uses
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    joins: tuple[Join, ...] = ()

    def by_name(self) -> dict[str, MetaVariable]:
        """Returns the variables by their names."""
        return {variable.name: variable for variable in self.variables}


def read_meta(path: str | os.PathLike[str]) -> Meta:
    """Reads a ``.meta`` file or a ``saved_model.pb``, or the one of a checkpoint's prefix.

    Of a SavedModel's graphs it is the one tagged ``serve``, the only one, or the one without tags.
    The file has no checksum; what is read is checked for consistency instead: names, ops and
    inputs that exist, collections that agree with each other and with the graph, and shapes and
    dtypes that agree with the checkpoint's index where that stands beside.

    Raises:
      CheckpointNotFoundError: there is no such file.
      CorruptCheckpointError: it is empty, no MetaGraphDef, or contradicts itself.
      UnsupportedCheckpointError: it is a SavedModel of several graphs, and none is the one to run.
      BudgetError: reading it takes more than its size warrants.
    """
    name = os.fspath(path)
    found = graph_beside(name) or name
    if not exists(found):
        raise CheckpointNotFoundError(f"{found}: there is no such file")
    meta = _read(found, state_of(found))
    _require_like_index(meta)
    return meta


@functools.lru_cache(maxsize=1)
def _read(path: str, state: tuple[Hashable, ...]) -> Meta:
    """Returns what a file tells; planning and proving ask the same in turn."""
    found = graph_at(path)
    with found.explained():
        return _meta(path, found.graph, found.budget())


def _meta(path: str, graph: Graph, budget: Budget) -> Meta:
    collections = {
        key: tuple(op_name(one.name) if isinstance(one, RawVariable) else one for one in members)
        for key, members in graph.collections.items()
    }
    member_of: dict[str, set[str]] = {}
    for key, members in collections.items():
        for member in members:
            member_of.setdefault(op_name(member), set()).add(key)
    read_by, raw = consumers(graph), described(graph)
    variables = tuple(
        MetaVariable(
            name=node.name,
            shape=node.shape,
            dtype_name=stored_type(node.dtype).name,
            op_type=node.op,
            trainable=_is_trainable(node.name, collections, raw=raw.get(node.name)),
            collections=tuple(sorted(member_of.get(node.name, ()))),
            initializer_op_types=initializer_ops(graph, node, raw=raw.get(node.name)),
            consumer_op_types=read_by[node.name],
            slice_info=raw[node.name].slice_info if node.name in raw else None,
        )
        for node in graph.nodes.values()
        if node.op in VARIABLE_OPS
    )
    nodes, rows = rows_apart(inlined(graph, budget))
    flow = variable_flow(nodes, budget)
    return Meta(
        path,
        variables,
        MappingProxyType(collections),
        MappingProxyType(graph.saver),
        graph.version,
        flow.feeds,
        dataclasses.replace(find_uses(nodes), rows=rows),
        MappingProxyType(graph.renamed),
        flow.joins,
    )


def _is_trainable(
    name: str, collections: Mapping[str, tuple[str, ...]], *, raw: RawVariable | None
) -> bool:
    """The collection decides; where none was exported, what the variable says of itself."""
    if "trainable_variables" in collections:
        return name in collections["trainable_variables"]
    return raw is not None and raw.trainable


def _require_like_index(meta: Meta) -> None:
    """Compares shapes and dtypes with the index beside the file, which has checksums."""
    try:
        index = Bundle(checkpoint_of_graph(meta.path))
    except CheckpointError:  # none, or damaged, which reading the checkpoint will tell
        return
    known = set(index.names())
    for variable in meta.variables:
        info = variable.slice_info
        name, shape = (info.full_name, info.full_shape) if info else (variable.name, variable.shape)
        if name not in known:
            continue
        record = index.record(name)
        unlike = shape is not None and shape != record.shape  # None with validate_shape=False
        if unlike or variable.dtype_name != record.stored.name:
            raise CorruptCheckpointError(
                f"{variable.dtype_name} of shape {shape} here, but {record.stored.name} of shape "
                f"{record.shape} in {os.path.basename(index.path)}",
                file=meta.path,
                variable=variable.name,
            )
