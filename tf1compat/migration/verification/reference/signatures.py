"""What a MetaGraphDef says beside its graph: signatures, and what belongs to it and isn't run."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Iterator, Mapping
from typing import Any

from tf1compat.checkpoint.meta.messages import Message
from tf1compat.migration.verification.reference._protos import dtype_of, sizes_of
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import CALLING_OPS

__all__ = [
    "USUAL_SIGNATURES",
    "OutputSpec",
    "Signature",
    "left_out",
    "signatures_of",
    "without_saver",
]

USUAL_SIGNATURES = ("serving_default", "default")
"""Which signature to use of several: the one to serve by, or that of TensorFlow Hub's modules."""

_INIT = ("__saved_model_init_op", "__saved_model_train_op")
"""Keys under which TensorFlow 2 says what to run at first, and to train: no signatures."""
_INITIALIZERS = ("saved_model_main_op", "legacy_init_op", "saved_model_initializers")
_ASSETS = "saved_model_assets"
_ASSET_TYPE = "/tensorflow.AssetFileDef"
_TABLES = ("HashTable", "MutableHashTable", "MutableDenseHashTable", "MutableHashTableOfTensors")


@dataclasses.dataclass(frozen=True)
class OutputSpec:
    """A tensor that may be an output, or that a signature names.

    Attributes:
      name: its name, with the number of the op's output.
      dtype: by name; "" where it isn't known.
      shape: its static shape, None for sizes that are unknown; None where the rank is.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None


@dataclasses.dataclass(frozen=True)
class Signature:
    """A SignatureDef: tensors by what it calls them, sorted."""

    inputs: Mapping[str, OutputSpec]
    outputs: Mapping[str, OutputSpec]


def signatures_of(meta: Any) -> dict[str, Signature]:
    """Returns the signatures of a ``MetaGraphDef`` by their keys, sorted."""
    return {
        key: Signature(_tensors(one.inputs), _tensors(one.outputs))
        for key, one in sorted(meta.signature_def.items())
        if key not in _INIT
    }


def _tensors(named: Mapping[str, Any]) -> dict[str, OutputSpec]:
    return {key: _tensor(info) for key, info in sorted(named.items())}


def _tensor(info: Any) -> OutputSpec:
    name = info.name or info.coo_sparse.values_tensor_name  # the values of a sparse one
    shape = info.tensor_shape if info.HasField("tensor_shape") and info.name else None
    return OutputSpec(name, dtype_of(info.dtype), sizes_of(shape))


def left_out(meta: Any) -> tuple[str, ...]:
    """Returns what belongs to the graph of a ``MetaGraphDef`` and is never run, in words."""
    return tuple(dict.fromkeys((*_initializers(meta), *_tables(meta), *_assets(meta))))


def _initializers(meta: Any) -> Iterator[str]:
    known = {node.name: node for node in meta.graph_def.node}
    lists = [
        meta.collection_def[k].node_list.value for k in _INITIALIZERS if k in meta.collection_def
    ]
    signed = [
        meta.signature_def[key].outputs.values() for key in _INIT if key in meta.signature_def
    ]
    named = [*(op for some in lists for op in some), *(one.name for some in signed for one in some)]
    for name in map(op_name, named):
        node = known.get(name)
        if node is not None and (node.op != "NoOp" or node.input):
            yield f"initializer {name}"


def _tables(meta: Any) -> Iterator[str]:
    bodies = (one.node_def for one in meta.graph_def.library.function)
    for nodes in (meta.graph_def.node, *bodies):
        for node in nodes:
            if node.op.removesuffix("V2") in _TABLES:
                yield f"table {node.name}"


def _assets(meta: Any) -> Iterator[str]:
    """Yields the files that a graph reads; 1.x lists them in a collection."""
    listed = list(meta.asset_file_def)
    if _ASSETS in meta.collection_def:
        for packed in meta.collection_def[_ASSETS].any_list.value:
            if packed.type_url.endswith(_ASSET_TYPE):
                listed.append(Message("AssetFileDef", packed.value))
    for asset in listed:
        yield f"asset {os.path.join('assets', asset.filename)}, at {asset.tensor_info.name}"


def without_saver(meta: Any) -> Any:
    """Returns the ``GraphDef`` of a ``MetaGraphDef`` without a saver that is in functions.

    TensorFlow 2 has it so. What it takes, the name of a file, would else be an input of the graph.
    """
    nodes = {node.name: node for node in meta.graph_def.node}
    names = {op_name(meta.saver_def.save_tensor_name), op_name(meta.saver_def.restore_op_name)}
    calls = {name for name in names if name in nodes and nodes[name].op in CALLING_OPS}
    if not calls:
        return meta.graph_def
    gone = calls | {op_name(meta.saver_def.filename_tensor_name)}
    kept = copy.deepcopy(meta.graph_def)
    del kept.node[:]
    kept.node.extend(node for node in meta.graph_def.node if node.name not in gone)
    return kept
