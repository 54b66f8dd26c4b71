"""The one MetaGraphDef that is meant by a file: a ``.meta`` file itself, or one of a SavedModel's.

A SavedModel may hold several, told apart by tags: ``serve`` is the one to run. Modules of
TensorFlow Hub have none of that name, but one without tags beside one that trains. Of a frozen
graph it is the one with variables again in the place of the constants that they were made.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from tf1compat.budget import Budget
from tf1compat.checkpoint.bundle.file_names import has_values_beside, is_of_saved_model
from tf1compat.checkpoint.meta._graph_text import graph_bytes
from tf1compat.checkpoint.meta._proto_fields import (
    MetaGraphDef,
    MetaInfoDef,
    SavedModel,
    numbers_of,
)
from tf1compat.checkpoint.meta._spans import Bytes, Source, Span, Windowed, spans
from tf1compat.checkpoint.meta.frozen import Frozen, frozen_in
from tf1compat.checkpoint.wire import LENGTH, VARINT, WireError, fields, varint
from tf1compat.errors import UnsupportedCheckpointError, UsageError
from tf1compat.files.regular import RegularFile, open_regular

__all__ = [
    "MetaGraphBytes",
    "frozen_graph",
    "meta_graph_bytes",
    "meta_graph_in",
    "saved_model_bytes",
]

_LARGEST = 1 << 31
_VERSION = 1  # SAVED_MODEL_SCHEMA_VERSION
_SHOWN = 10  # graphs, where none can be chosen
_SERVE = "serve"  # tf.saved_model.SERVING
_TEXT = ".pbtxt"


class MetaGraphBytes(NamedTuple):
    """A serialized MetaGraphDef, and where in its file it begins; None where it isn't as there."""

    data: memoryview
    offset: int | None


class _Tagged(NamedTuple):
    tags: frozenset[str]
    begin: int
    end: int


def meta_graph_bytes(path: str | os.PathLike[str]) -> bytes:
    """Returns the MetaGraphDef that is meant by a file; errors as for :func:`meta_graph_in`."""
    with open_regular(os.fspath(path)) as file:
        return bytes(meta_graph_in(file).data)


def meta_graph_in(file: RegularFile) -> MetaGraphBytes:
    """Returns the MetaGraphDef that is meant by an open file.

    Raises:
      CorruptCheckpointError: it is empty, or a SavedModel that is damaged around its graphs.
      UnsupportedCheckpointError: it is a SavedModel of several graphs, and none is the one to run.
      BudgetError: it has more nodes than its size warrants.
    """
    source = _source(file)
    begin, end = _place(source, file)
    frozen = None if has_values_beside(file.path) else _frozen(source, begin, end, file)
    if frozen is not None:
        return MetaGraphBytes(memoryview(frozen.meta_graph()), None)
    return MetaGraphBytes(memoryview(source.read(begin, end - begin)), begin)


def saved_model_bytes(meta_graph: bytes) -> bytes:
    """Returns the SavedModel of one serialized MetaGraphDef that has its tags.

    Raises:
      UsageError: it is larger than a message may be.
    """
    version = varint(SavedModel.SAVED_MODEL_SCHEMA_VERSION << 3 | VARINT) + varint(_VERSION)
    tag = varint(SavedModel.META_GRAPHS << 3 | LENGTH)
    whole = b"".join((version, tag, varint(len(meta_graph)), meta_graph))
    if len(whole) >= _LARGEST:
        raise UsageError(
            f"expected a graph of less than {_LARGEST:,} bytes, as protobuf has them, found "
            f"{len(whole):,}; write a checkpoint"
        )
    return whole


def frozen_graph(file: RegularFile) -> Frozen | None:
    """Returns the graph of an open file where it was frozen; None where it wasn't.

    Its source is the file as long as that is open; of a text, all of it in memory. Errors as for
    :func:`meta_graph_in`.

    Raises:
      CorruptCheckpointError: the graph is damaged, too.
    """
    source = _source(file)
    begin, end = _place(source, file)
    try:
        return frozen_in(source, begin, end, Budget(file.path, file.size))
    except WireError as error:
        in_text = isinstance(source, Bytes)
        raise file.corrupt(
            f"not a sound graph: {error.message}", None if in_text else error.offset
        ) from error


def _frozen(source: Source, begin: int, end: int, file: RegularFile) -> Frozen | None:
    try:
        return frozen_in(source, begin, end, Budget(file.path, file.size))
    except WireError:  # which reading it as a graph tells
        return None


def _source(file: RegularFile) -> Source:
    if not file.size:
        raise file.corrupt("the file is empty", 0)
    if file.size >= _LARGEST:
        raise file.corrupt(
            f"expected a message of less than {_LARGEST:,} bytes, as protobuf has them, found "
            f"{file.size:,}",
            None,
        )
    if file.path.endswith(_TEXT):
        return Bytes(graph_bytes(file))
    _require_tag(file)
    return Windowed(file)


def _place(source: Source, file: RegularFile) -> tuple[int, int]:
    """Returns where in its file the graph that is meant begins and ends."""
    if not is_of_saved_model(file.path):
        return 0, source.size
    try:
        graphs = _tagged(source)
    except WireError as error:
        raise file.corrupt(f"not a sound SavedModel: {error.message}", error.offset) from error
    if not graphs:
        raise file.corrupt("not a sound SavedModel: it holds no graph", 0)
    found = _meant(graphs, file.path)
    return found.begin, found.end


def _require_tag(file: RegularFile) -> None:
    """Raises CorruptCheckpointError for a file that begins with a hole, before it is read."""
    if file.read(0, 1) == b"\0":
        raise file.corrupt("not a sound MetaGraphDef: field number 0 can't be", 0)


def _meant(graphs: Sequence[_Tagged], path: str) -> _Tagged:
    """Returns the only one; else the one tagged "serve", alone or at all; else the untagged."""
    alike = (
        graphs,
        [one for one in graphs if one.tags == {_SERVE}],
        [one for one in graphs if _SERVE in one.tags],
        [one for one in graphs if not one.tags],
    )
    for some in alike:
        if len(some) == 1:
            return some[0]
    shown = ", ".join("{" + ", ".join(sorted(one.tags)) + "}" for one in graphs[:_SHOWN])
    shown += ", ..." if len(graphs) > _SHOWN else ""
    raise UnsupportedCheckpointError(
        f"{path}: expected one graph tagged {_SERVE!r}, found {len(graphs)} with the tags {shown}; "
        f"export the one that is meant by itself, or with the tag {_SERVE!r}"
    )


def _tagged(source: Source) -> list[_Tagged]:
    """Returns where a SavedModel's graphs are, with their tags."""
    found = []
    for one in spans(source, 0, source.size):
        if one.number not in numbers_of(SavedModel):
            raise WireError(f"field {one.number} where there is none", one.begin)
        if one.number == SavedModel.META_GRAPHS:
            if one.kind != LENGTH:
                raise WireError(f"field {one.number} is not a message or string", one.begin)
            found.append(_Tagged(_tags(source, one), one.begin, one.end))
    return found


def _tags(source: Source, graph: Span) -> frozenset[str]:
    parts = spans(source, graph.begin, graph.end)
    infos = [one for one in parts if one.number == MetaGraphDef.META_INFO_DEF]
    texts = (part for info in infos for part in fields(info.of(source)))
    return frozenset(part.text() for part in texts if part.number == MetaInfoDef.TAGS)
