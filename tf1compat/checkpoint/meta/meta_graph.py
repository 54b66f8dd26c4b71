"""The one MetaGraphDef that is meant by a file: a ``.meta`` file itself, or one of a SavedModel's.

A SavedModel may hold several, told apart by tags: ``serve`` is the one to run. Modules of
TensorFlow Hub have none of that name, but one without tags beside one that trains.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from tf1compat.checkpoint.bundle.file_names import SAVED_MODEL
from tf1compat.checkpoint.meta._node_def import known_fields
from tf1compat.checkpoint.meta._proto_fields import MetaGraphDef, MetaInfoDef, SavedModel
from tf1compat.checkpoint.wire import WireError, fields
from tf1compat.errors import UnsupportedCheckpointError
from tf1compat.files.regular import RegularFile, open_regular

__all__ = ["MetaGraphBytes", "meta_graph_bytes", "meta_graph_in"]

_LARGEST = 1 << 31
_SERVE = "serve"  # tf.saved_model.SERVING


class MetaGraphBytes(NamedTuple):
    """A serialized MetaGraphDef, and where in its file it begins."""

    data: memoryview
    offset: int


class _Tagged(NamedTuple):
    tags: frozenset[str]
    graph: MetaGraphBytes


def meta_graph_bytes(path: str | os.PathLike[str]) -> bytes:
    """Returns the MetaGraphDef that is meant by a file; errors as for :func:`meta_graph_in`."""
    with open_regular(os.fspath(path)) as file:
        return bytes(meta_graph_in(file).data)


def meta_graph_in(file: RegularFile) -> MetaGraphBytes:
    """Returns the MetaGraphDef that is meant by an open file.

    Raises:
      CorruptCheckpointError: it is empty, or a SavedModel that is damaged around its graphs.
      UnsupportedCheckpointError: it is a SavedModel of several graphs, and none is the one to run.
    """
    if not file.size:
        raise file.corrupt("the file is empty", 0)
    if file.size >= _LARGEST:
        raise file.corrupt(
            f"expected a message of less than {_LARGEST:,} bytes, as protobuf has them, found "
            f"{file.size:,}",
            None,
        )
    _require_tag(file)
    data = memoryview(file.read(0, file.size))
    if os.path.basename(file.path) != SAVED_MODEL:
        return MetaGraphBytes(data, 0)
    try:
        graphs = _tagged(data)
    except WireError as error:
        raise file.corrupt(f"not a sound SavedModel: {error.message}", error.offset) from error
    if not graphs:
        raise file.corrupt("not a sound SavedModel: it holds no graph", 0)
    return _meant(graphs, file.path)


def _require_tag(file: RegularFile) -> None:
    """Raises CorruptCheckpointError for a file that begins with a hole, before it is read."""
    if file.read(0, 1) == b"\0":
        raise file.corrupt("not a sound MetaGraphDef: field number 0 can't be", 0)


def _meant(graphs: Sequence[_Tagged], path: str) -> MetaGraphBytes:
    """Returns the only one; else the one tagged "serve", alone or at all; else the untagged."""
    alike = (
        graphs,
        [one for one in graphs if one.tags == {_SERVE}],
        [one for one in graphs if _SERVE in one.tags],
        [one for one in graphs if not one.tags],
    )
    for some in alike:
        if len(some) == 1:
            return some[0].graph
    shown = ", ".join("{" + ", ".join(sorted(one.tags)) + "}" for one in graphs)
    raise UnsupportedCheckpointError(
        f"{path}: expected one graph tagged {_SERVE!r}, found {len(graphs)} with the tags {shown}; "
        f"export the one that is meant by itself, or with the tag {_SERVE!r}"
    )


def _tagged(data: memoryview) -> list[_Tagged]:
    """Returns a SavedModel's graphs with their tags."""
    found = []
    for field in known_fields(data, SavedModel):
        if field.number == SavedModel.META_GRAPHS:
            body = field.message()
            try:
                found.append(_Tagged(_tags(body), MetaGraphBytes(body, field.offset)))
            except WireError as error:
                raise WireError(error.message, field.offset + error.offset) from error
    return found


def _tags(data: memoryview) -> frozenset[str]:
    infos = (one for one in fields(data) if one.number == MetaGraphDef.META_INFO_DEF)
    parts = (part for info in infos for part in fields(info.message()))
    return frozenset(part.text() for part in parts if part.number == MetaInfoDef.TAGS)
