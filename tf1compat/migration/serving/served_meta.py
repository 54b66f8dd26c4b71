"""The SavedModel, but for its values, that the ``.meta`` of a checkpoint makes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tf1compat.checkpoint import Checkpoint
from tf1compat.checkpoint.served_graph import ServedGraph
from tf1compat.errors import UsageError
from tf1compat.migration.serving._initializing import add_assets, add_initializer
from tf1compat.migration.serving._pruning import prune
from tf1compat.migration.serving._restoring import require_restored
from tf1compat.migration.serving._serving_graph import default_values, serving_graph
from tf1compat.migration.serving._signature import Service, find_service
from tf1compat.migration.verification.given import GraphOptions
from tf1compat.migration.verification.reference.graph_file import GraphFile, graph_beside
from tf1compat.migration.verification.reference.signatures import OutputSpec
from tf1compat.names.graph_names import op_name

__all__ = ["ServedMeta", "serve_meta"]

_KEY = "serving_default"
_TAG = "serve"
_SHOWN = 5  # tensors that may be named as well
_METHOD = "tensorflow/serving/predict"


class ServedMeta(NamedTuple):
    """The graph of a ``.meta`` as it is served.

    Attributes:
      graph: what goes beside the values.
      notes: what is to be said of it.
    """

    graph: ServedGraph
    notes: tuple[str, ...]


def serve_meta(
    checkpoint: Checkpoint, options: GraphOptions, *, assets: str | None = None
) -> ServedMeta:
    """Returns the graph beside a checkpoint as one that serves.

    It has what its signatures, saver, tables and variables need of the ``.meta``, on no device; all
    of it where nothing is signed. It computes as it does when it doesn't train: norms use moving
    statistics, nothing is dropped out, and ``is_training`` and its like have the value that says
    so. Tables are filled when it is loaded.

    Args:
      checkpoint: an open checkpoint with a ``.meta``.
      options: what of the graph is served: its `inputs` and `outputs`, and in `feeds` the values of
        other inputs.
      assets: the folder that has the files that the graph reads; by default the checkpoint's.

    Raises:
      UsageError: the graph can't be served so; or what is named in `options` isn't in it.
    """
    graph = graph_beside(checkpoint)
    defaults = default_values(graph, options)
    service, why = _service(graph, options, defaults)
    meta = type(graph.meta_graph)()
    meta.CopyFrom(graph.meta_graph)
    given = [] if service is None else [one.name for one in service.signature.inputs.values()]
    part = None if service is None else service.part
    meta.graph_def.CopyFrom(serving_graph(graph, part, defaults, given))
    require_restored(meta, checkpoint, () if service is None else service.variables)
    add_initializer(meta)
    found = add_assets(meta, assets or os.path.dirname(checkpoint.prefix) or os.curdir)
    if service is not None:
        _sign(meta, service)
    gone = prune(meta, map(op_name, defaults)) if meta.signature_def else 0
    _leave_out_strangers(meta)
    _list_ops(meta)
    meta.meta_info_def.tags[:] = [_TAG]
    notes = (*_told(graph, service, why), *_changed(graph), *_defaulted(defaults), *_lacking(gone))
    return ServedMeta(
        ServedGraph.of_meta_graph(meta.SerializeToString(deterministic=True), found), notes
    )


def _service(
    graph: GraphFile, options: GraphOptions, defaults: Mapping[str, Any]
) -> tuple[Service | None, str]:
    """Returns what is served, or why nothing is: it was found nowhere, and nobody named it."""
    if graph.signatures and not (options.inputs or options.outputs):
        return None, ""
    try:
        return find_service(graph, options, defaults), ""
    except UsageError as error:
        if options.inputs or options.outputs:
            raise
        return None, error.message


def _told(graph: GraphFile, service: Service | None, why: str) -> Iterator[str]:
    if service is not None:
        signature = service.signature
        given, made = (_listed(side.values()) for side in (signature.inputs, signature.outputs))
        yield f"signature {_KEY}: {made} of {given}, {service.how}"
        if service.others:
            more = f" and {len(service.others) - _SHOWN} more" * (len(service.others) > _SHOWN)
            named = ", ".join(service.others[:_SHOWN])
            yield f"not in it, for they are left over on the way to these: {named}{more}"
    elif graph.signatures:
        yield f"signatures as the graph has them: {', '.join(graph.signatures)}"
    else:
        yield f"no signature: {why}"


def _listed(tensors: Iterable[OutputSpec]) -> str:
    return ", ".join(one.name for one in tensors)


def _changed(graph: GraphFile) -> Iterator[str]:
    _, notes = graph.inference
    if notes:
        yield f"changed to serve, so train on from a checkpoint: {'; '.join(notes)}"


def _defaulted(defaults: Mapping[str, Any]) -> Iterator[str]:
    for name, value in defaults.items():
        yield f"{name} is {value.item()} unless it is fed"


def _lacking(gone: int) -> Iterator[str]:
    if gone:
        yield f"{gone:,} ops of the graph left out, which neither serving nor restoring needs"


def _sign(meta: Any, service: Service) -> None:
    """Adds the signature to a ``MetaGraphDef``."""
    signed = meta.signature_def[_KEY]
    signed.Clear()
    signed.method_name = _METHOD
    for side, tensors in (
        (signed.inputs, service.signature.inputs),
        (signed.outputs, service.signature.outputs),
    ):
        for key, one in tensors.items():
            _describe(side[key], one)


def _describe(info: Any, tensor: OutputSpec) -> None:
    import tensorflow as tf

    info.name = tensor.name
    info.dtype = tf.as_dtype(tensor.dtype).as_datatype_enum
    info.tensor_shape.CopyFrom(tf.TensorShape(tensor.shape).as_proto())


def _leave_out_strangers(meta: Any) -> None:
    """Takes names out of collections that no op has: with them nothing imports a graph.

    1.15 exports some so: what saves CuDNN's parameters isn't an op, but is called as one.
    """
    known = {node.name for node in meta.graph_def.node}
    for collection in meta.collection_def.values():
        names = [one for one in collection.node_list.value if op_name(one) in known]
        if len(names) < len(collection.node_list.value):
            collection.node_list.value[:] = names


def _list_ops(meta: Any) -> None:
    """Lists the ops that a graph has, and no others."""
    listed = meta.meta_info_def.stripped_op_list.op
    functions = meta.graph_def.library.function
    nodes = (*meta.graph_def.node, *(node for one in functions for node in one.node_def))
    used = {node.op for node in nodes} - {one.signature.name for one in functions}
    left = [one for one in listed if one.name in used]
    new = sorted(used - {one.name for one in left})
    del listed[:]
    listed.extend(left)
    for op in new:
        listed.add(name=op)
