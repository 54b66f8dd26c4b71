"""Writes V2 checkpoints that a v1 ``tf.train.Saver`` restores."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from tf1compat.checkpoint.bundle._commit import staged_bundle
from tf1compat.checkpoint.bundle._records import BundleRecord, header_bytes, record_bytes
from tf1compat.checkpoint.covering import uncovered
from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.slices import Extents, Region, ordered_slice_key, placed
from tf1compat.checkpoint.stored_types import StoredType, stored_type_of
from tf1compat.checkpoint.table import crc32c
from tf1compat.checkpoint.table.writer import table_bytes
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import UsageError
from tf1compat.files.manifest import Manifest, TensorDigest, tensor_digest
from tf1compat.files.placing import place_new
from tf1compat.files.raw import raw_windows, strings
from tf1compat.files.telling import tell
from tf1compat.files.work_aside import WorkAside

if TYPE_CHECKING:
    import numpy as np


__all__ = ["Partitioned", "write_checkpoint"]


Lazy: TypeAlias = "np.ndarray | Callable[[], np.ndarray]"
Item: TypeAlias = "Lazy | Entry | Partitioned"


@dataclasses.dataclass(frozen=True)
class Partitioned:
    """A variable to be written in slices, as a v1 partitioned variable is.

    Attributes:
      shape: of the full tensor.
      parts: (start, value) of each slice: the offset of its first element, one number a
        dimension, and the array or a callable that gives it. Together they cover the tensor.
    """

    shape: tuple[int, ...]
    parts: Sequence[tuple[tuple[int, ...], Lazy]]


def write_checkpoint(
    prefix: str | os.PathLike[str],
    items: Mapping[str, Item] | Iterable[tuple[str, Item]],
    *,
    num_shards: int = 1,
    graph: bytes | None = None,
) -> Manifest:
    """Writes a V2 checkpoint that ``tf.compat.v1.train.Saver`` restores; mirrors its ``save``.

    Values are written in the order of `items`, one at a time: callables and entries are read when
    their turn comes, and forgotten then. The files are read back before they appear, together,
    ``.index`` last; whatever fails or is killed before leaves no checkpoint. Beside them stands
    ``<prefix>.manifest.json``, which has the SHA-256 of each tensor (of a partitioned one, of each
    slice, under a name like ``table[0:3, 0:4]``).

    Args:
      prefix: the files' names begin with it; its directory exists, and no checkpoint of that name.
      items: names and values. A value is an array (strings: of bytes or str; quantized: of the
        one-field dtypes TensorFlow uses), a callable that returns one, an entry of an open
        checkpoint, whose dtype and slices are kept (and under its own name its
        :attr:`~tf1compat.checkpoint.Entry.stored_key`), or a :class:`Partitioned`.
      num_shards: number of data files, which the values go to in turn.
      graph: a serialized MetaGraphDef to stand beside them as ``<prefix>.meta``, for
        ``tf.compat.v1.train.import_meta_graph``; by default one that stands there is left alone.

    Returns:
      The manifest that was written.

    Raises:
      CheckpointExistsError: the prefix is taken, wholly or in part.
      OutputError: another program is writing this checkpoint, or a file can't be written or
        reads back otherwise; nothing is left then.
      UnsupportedCheckpointError: an array's dtype can't be stored.
      UsageError: `prefix` names a directory, a name is empty, doubled or not a variable's, slices
        don't cover their tensor, or `num_shards` is not from 1 to 99,999.
    """
    from tf1compat.checkpoint.bundle._read_back import require_as_meant

    if not 0 < num_shards < 100_000:
        raise UsageError(f"num_shards is {num_shards}, expected 1 to 99999")
    has_graph = graph is not None
    with staged_bundle(os.fspath(prefix), num_shards=num_shards, has_graph=has_graph) as staged:
        writer = _values_written(staged.data, items)
        manifest, records = writer.manifest(), writer.index()
        if graph is not None:
            with open(staged.graph, "xb") as file:
                file.write(graph)
        with open(staged.manifest, "x", encoding="utf-8") as text:
            text.write(manifest.to_json())
        with open(staged.index, "xb") as file:
            file.writelines(table_bytes(records))
        files = staged.seal()
        require_as_meant(staged, records, manifest=manifest, graph=graph)
        place_new(files)
    return manifest


def _values_written(
    paths: Sequence[str], items: Mapping[str, Item] | Iterable[tuple[str, Item]]
) -> _Writer:
    """Writes all values to new data files; returns what knows of them."""
    with ExitStack() as stack:
        files = [stack.enter_context(open(path, "xb")) for path in paths]
        writer = _Writer(files, stack.enter_context(WorkAside()))
        for name, value in _pairs(items):
            writer.add(_spelled(name, value), value)
    return writer


def _pairs(items: Mapping[str, Item] | Iterable[tuple[str, Item]]) -> Iterator[tuple[str, Item]]:
    yield from items.items() if isinstance(items, Mapping) else items


def _spelled(name: str, value: Item) -> str:
    """Returns the name to write: of an entry under its own, the one that its checkpoint stores.

    So a copy of an object-based checkpoint is what its object graph says, and restores like it.
    """
    return value.stored_key if isinstance(value, Entry) and value.key == name else name


class _Writer:
    """Appends tensors to data files, and keeps what index and manifest will say of them."""

    def __init__(self, files: Sequence[BinaryIO], aside: WorkAside) -> None:
        self._files = files
        self._aside = aside
        self._offsets = [0] * len(files)
        self._records: dict[bytes, bytes] = {}
        self._turn = 0
        self._digests: list[Callable[[], TensorDigest]] = []

    def manifest(self) -> Manifest:
        """Returns what was written, once all of it was."""
        return Manifest(tuple(digest() for digest in self._digests))

    def index(self) -> list[tuple[bytes, bytes]]:
        """Returns the index's records, sorted."""
        # The header's key is empty (`kHeaderEntryKey`), hence first: a table wants keys in order.
        return [(b"", header_bytes(len(self._files))), *sorted(self._records.items())]

    def add(self, name: str, value: Item) -> None:
        """Writes one variable."""
        key = self._fresh(name)
        if isinstance(value, Entry) and value.slices:
            value = _in_slices(value)
        if isinstance(value, Partitioned):
            self._records[key] = record_bytes(self._add_slices(name, value, key=key))
            return
        stored = stored_type_of(value.dtype_name) if isinstance(value, Entry) else None
        self._aside.make_room()
        array = value.read() if isinstance(value, Entry) else _array(value)
        self._records[key] = record_bytes(self._store(name, array, stored=stored))
        if not isinstance(value, Entry):  # those give a new array each
            self._aside.finish()

    def _add_slices(self, name: str, value: Partitioned, *, key: bytes) -> BundleRecord:
        """Writes the slices of a variable; returns the record that lists them."""
        regions, types, every = [], set(), []
        for start, part in value.parts:
            self._aside.make_room()
            array = _array(part)
            extents: Extents = tuple(zip(start, array.shape, strict=False))
            region = _placed(name, extents, shape=value.shape)
            label = ", ".join(f"{first}:{first + size}" for first, size in extents)
            record = self._store(f"{name}[{label}]", array, stored=None)
            self._records[ordered_slice_key(key, extents)] = record_bytes(record)
            self._aside.finish()
            regions.append(region)
            types.add(record.stored)
            every.append(extents)
        wrong = uncovered(regions, value.shape)
        if wrong or len(types) != 1:
            raise UsageError(f"variable {name!r}: {wrong or 'its slices differ in dtype'}")
        return BundleRecord(types.pop(), tuple(value.shape), 0, 0, 0, 0, tuple(every))

    def _store(self, name: str, array: np.ndarray, *, stored: StoredType | None) -> BundleRecord:
        """Appends one tensor to the shard whose turn it is."""
        kind = stored or stored_type_of(array.dtype)
        shard, self._turn = self._turn, (self._turn + 1) % len(self._files)
        start = self._offsets[shard]
        write = self._write_strings if kind.is_string else self._write_numbers
        digest = self._aside.take(array.nbytes, functools.partial(tensor_digest, array))
        size, crc = write(self._files[shard], array)
        self._offsets[shard] += size
        shape = array.shape  # without the array
        self._digests.append(lambda: TensorDigest(name, shape, kind.name, digest.result()))
        return BundleRecord(kind, shape, shard, start, size, crc, ())

    def _write_numbers(self, file: BinaryIO, array: np.ndarray) -> tuple[int, int]:
        size, crc = 0, 0
        for window in raw_windows(array):
            crc = crc32c.extend(crc, window)
            file.write(window.data)
            size += window.size
            tell(window.size)
        return size, crc32c.mask(crc)

    def _write_strings(self, file: BinaryIO, array: np.ndarray) -> tuple[int, int]:
        from tf1compat.checkpoint.bundle._strings import encode_strings

        values = list(strings(array))
        head, crc = encode_strings(values)
        file.write(head)
        file.writelines(values)
        size = len(head) + sum(map(len, values))
        tell(size)
        return size, crc

    def _fresh(self, name: str) -> bytes:
        """Returns the key of a variable's name, which must be one and not have been written."""
        try:
            key = name.encode()
        except (AttributeError, UnicodeEncodeError) as error:
            raise UsageError(f"{name!r} can't be a variable's name") from error
        if not key or key.startswith(b"\0"):
            raise UsageError(f"{name!r} can't be a variable's name: an index has other uses for it")
        if key in self._records:
            raise UsageError(f"variable {name!r} is given twice")
        return key


def _array(value: Lazy) -> np.ndarray:
    import numpy as np

    return np.asarray(value() if callable(value) else value)


def _in_slices(entry: Entry) -> Partitioned:
    """Returns a partitioned variable that reads the slices of an entry when they are written."""
    parts = [
        (tuple(one.start for one in index), lambda index=index: _typed(entry, index))
        for index in entry.slices
    ]
    return Partitioned(entry.shape, parts)


def _typed(entry: Entry, index: tuple[slice, ...]) -> np.ndarray:
    """Returns a slice of an entry in a dtype that tells quantized values from integers."""
    array = entry.read(index)
    if entry.dtype_name.startswith(("qint", "quint")):
        # Read, they are plain integers; TensorFlow has a dtype of one named field for them.
        return array.view([(entry.dtype_name, array.dtype)])
    return array


def _placed(name: str, extents: Extents, *, shape: tuple[int, ...]) -> Region:
    try:
        return placed(extents, shape)
    except WireError as error:
        raise UsageError(f"variable {name!r}: {error.message}") from error
