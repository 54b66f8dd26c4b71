"""Datasets: how they are laid out, by which index their chunks are found."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable

from tf1compat.keras3.formats.hdf5.sound._chunk_indexes import noted_bytes, read_chunk_index
from tf1compat.keras3.formats.hdf5.sound._datatypes import Kind
from tf1compat.keras3.formats.hdf5.sound._global_heaps import GlobalHeaps
from tf1compat.keras3.formats.hdf5.sound._metadata import UNDEFINED, Metadata
from tf1compat.keras3.formats.hdf5.sound._spaces import Space
from tf1compat.keras3.formats.hdf5.sound._trees import CHUNKS, read_tree

__all__ = ["read_fill", "read_layout"]

_COMPACT, _CONTIGUOUS, _CHUNKED, _VIRTUAL = 0, 1, 2, 3
_SOME_UNPACKED = 1


def read_layout(
    metadata: Metadata, body: bytes, *, address: int, space: Space, kind: Kind, half: int
) -> None:
    """Looks at the layout of a dataset.

    Args:
      metadata: of the file.
      body: the layout's message.
      address: of the dataset's header.
      space: the dataset's dimensions.
      kind: its datatype.
      half: half of the most entries of a node of a B-tree of chunks.

    Raises:
      CorruptCheckpointError: it isn't that of such a dataset, or its index isn't sound.
      BudgetError: the index has far more entries than the file's size warrants.
    """
    try:
        layout = _Layout(metadata, body, address=address, space=space, kind=kind, half=half)
        layout.read()
    except struct.error as error:
        raise metadata.damaged("a dataset whose layout is cut off", address) from error


class _Layout:
    def __init__(
        self, metadata: Metadata, body: bytes, *, address: int, space: Space, kind: Kind, half: int
    ) -> None:
        self._metadata, self._body, self._address = metadata, body, address
        self._space, self._kind, self._half = space, kind, half

    def read(self) -> None:
        version = self._body[0] if self._body else 0
        if version in (3, 4, 5):
            sort = struct.unpack_from("<B", self._body, 1)[0]
            if sort == _CHUNKED:
                self._chunked() if version == 3 else self._indexed()
            elif sort == _COMPACT:
                self._compact(*struct.unpack_from("<H", self._body, 2))
            else:
                self._require(sort != _VIRTUAL, "that shows values of other files (a virtual one)")
                self._require(sort == _CONTIGUOUS, "of no known layout")
        else:
            self._require(False, f"with a layout of version {version}")

    def _chunked(self) -> None:
        rank, tree = struct.unpack_from("<BQ", self._body, 2)
        self._require_chunk(struct.unpack_from(f"<{rank}L", self._body, 11))
        self._tree(tree, rank)

    def _indexed(self) -> None:
        flags, rank, width = struct.unpack_from("<3B", self._body, 2)
        self._require(not flags & _SOME_UNPACKED, "whose chunks at its edges aren't packed")
        at = 5 + rank * width
        self._require(0 < width <= 8 and at < len(self._body), "whose layout is cut off")
        dims = [
            int.from_bytes(self._body[start : start + width], "little")
            for start in range(5, at, width)
        ]
        self._require_chunk(dims)
        index = self._body[at]
        noted = 12 if index == 1 and flags & 2 else noted_bytes(index)
        self._require(noted >= 0, f"with an index of kind {index}")
        where = struct.unpack_from("<Q", self._body, at + 1 + noted)[0]
        most, chunks = self._space.most, 1
        for size, part in zip(most, dims, strict=False):
            chunks *= -(-size // part)
        read_chunk_index(self._metadata, index, address=where, chunks=chunks, rank=len(most))

    def _tree(self, root: int, rank: int) -> None:
        if root != UNDEFINED:
            read_tree(self._metadata, root, kind=CHUNKS, half=self._half, key=8 + 8 * rank)

    def _compact(self, length: int) -> None:
        needed = self._space.elements * self._kind.size
        self._require(needed <= length <= len(self._body), "with fewer bytes than elements")

    def _require_chunk(self, sizes: Iterable[int]) -> None:
        """Chunks have the dataset's dimensions, and the bytes of an element as one more."""
        *parts, size = [*sizes] or [0]
        fits = len(parts) == self._rank() and size == self._kind.size and all(parts)
        self._require(fits and math.prod(parts) * size < 1 << 32, "whose chunks aren't of it")

    def _rank(self) -> int:
        return len(self._space.shape or ())

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise self._metadata.damaged(f"a dataset {what}", self._address)


def read_fill(body: bytes, *, kind: Kind, heaps: GlobalHeaps, old: bool) -> None:
    """Looks at what stands for values that weren't written; errors as for attributes."""
    if not kind.leads_on or not body:
        return
    version = 0 if old else body[0]
    told = body[1:2] if version == 3 else body[3:4]
    if (version == 3 and not told[0] & 0x20) or (version == 2 and not told[0]):
        return
    at = {0: 0, 3: 2}.get(version, 4)
    length = int.from_bytes(body[at : at + 4], "little")
    heaps.follow(kind, body[at + 4 : at + 4 + length])
