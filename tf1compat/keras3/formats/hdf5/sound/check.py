"""One look at every structure of an HDF5 file that its links lead to, before HDF5 opens it.

HDF5 believes what pointers say: nodes that lead back to themselves have it go on until the process
ends. Here each structure is read once, in time linear in the bytes of structures, whatever the size
of the values; what HDF5 doesn't write for Keras or h5py isn't believed but refused.
"""

from __future__ import annotations

import struct

from tf1compat.budget import Budget
from tf1compat.files.positioned import Positions
from tf1compat.keras3.formats.hdf5.sound._datasets import read_fill, read_layout
from tf1compat.keras3.formats.hdf5.sound._global_heaps import GlobalHeaps
from tf1compat.keras3.formats.hdf5.sound._headers import Message, read_header
from tf1compat.keras3.formats.hdf5.sound._links import dense_attributes, dense_links, target
from tf1compat.keras3.formats.hdf5.sound._metadata import Metadata
from tf1compat.keras3.formats.hdf5.sound._notes import read_attribute
from tf1compat.keras3.formats.hdf5.sound._old_groups import read_local_heap, read_old_group
from tf1compat.keras3.formats.hdf5.sound._spaces import (
    DATASPACE,
    DATATYPE,
    SHARED,
    Datatypes,
    read_space,
)
from tf1compat.keras3.formats.hdf5.sound._superblock import Superblock, read_superblock

__all__ = ["require_sound"]

_LINKS, _OLD_FILL, _FILL, _LINK, _FILES, _LAYOUT = 2, 4, 5, 6, 7, 8
_ATTRIBUTE, _SHARED_TABLE, _OLD_GROUP, _HALVES, _ATTRIBUTES = 12, 15, 17, 19, 21
_DRIVER, _CACHE_IMAGE = 20, 24
_REFUSED = {
    _SHARED_TABLE: "a table of messages that objects share",
    _DRIVER: "values that are spread over files of a driver's own",
    _CACHE_IMAGE: "an image of a cache",
}


def require_sound(handle: Positions, *, start: int, size: int, budget: Budget) -> None:
    """Looks at the structures of an HDF5 file; a file that is none is left to HDF5 to refuse.

    Args:
      handle: the open file.
      start: offset in it at which the HDF5 file starts.
      size: bytes of the HDF5 file.
      budget: what reading it may cost; it names the file.

    Raises:
      CorruptCheckpointError: a structure is reached twice or out of its place, contradicts
        itself, lies outside of the file, or is of a kind that neither Keras nor h5py writes.
      BudgetError: it goes far deeper, or leads to far more, than its size warrants.
      OSError: it can't be read.
    """
    metadata = Metadata(handle, start=start, size=size, budget=budget)
    superblock = read_superblock(metadata)
    if superblock is None:
        return
    _Objects(metadata, superblock).walk()
    metadata.require_apart()


class _Objects:
    """The objects that links lead to, each looked at once, however many names it has."""

    def __init__(self, metadata: Metadata, superblock: Superblock) -> None:
        self._metadata = metadata
        self._superblock = superblock
        self._heaps = GlobalHeaps(metadata)
        self._types = Datatypes(metadata)
        self._waiting = [superblock.root]

    def walk(self) -> None:
        """Looks at every object; errors as for :func:`require_sound`."""
        if self._superblock.extension is not None:
            self._extension(self._superblock.extension)
        seen: set[int] = set()
        while self._waiting or self._types.early:
            if not self._waiting:
                self._waiting += self._types.early
            address = self._waiting.pop()
            if address not in seen:
                seen.add(address)
                known = self._types.early.pop(address, None)
                self._object(address, known or read_header(self._metadata, address))

    def _extension(self, address: int) -> None:
        """Reads what a superblock says in an object's header of its own."""
        for kind, _, _ in read_header(self._metadata, address):
            self._require_known(kind, 0, address)
            if kind == _HALVES:
                raise self._metadata.damaged("B-trees of other sizes than HDF5's own", address)

    def _object(self, address: int, messages: list[Message]) -> None:
        parts: dict[int, Message] = {}
        for message in messages:
            kind = message.kind
            if message.flags & SHARED or kind in _REFUSED:
                self._require_known(kind, message.flags, address)
            if kind in parts and kind in _ONCE:  # HDF5 would take the first
                raise self._metadata.damaged("an object that is told of twice", address)
            parts[kind] = message
        if _LAYOUT in parts:
            self._dataset(address, parts)
        elif DATATYPE in parts:
            self._types.note(address, messages)
        for kind, _, body in messages:
            if kind in _LEADING:
                self._lead_on(kind, body, address)

    def _lead_on(self, kind: int, body: bytes, address: int) -> None:
        """Follows a message that says all by itself."""
        metadata = self._metadata
        if kind == _OLD_GROUP:
            self._old_group(body, address)
        elif kind == _LINK:
            self._link(body, address)
        elif kind == _LINKS:
            for link in dense_links(metadata, body, address=address):
                self._link(link, address)
        elif kind == _ATTRIBUTE:
            self._attribute(body, address)
        elif kind == _ATTRIBUTES:
            for attribute in dense_attributes(metadata, body, address=address):
                self._attribute(attribute, address)
        elif kind == _FILES and len(body) >= 16:
            read_local_heap(metadata, struct.unpack_from("<Q", body, 8)[0])

    def _old_group(self, body: bytes, address: int) -> None:
        if len(body) < 16:
            raise self._metadata.damaged("a group that is cut off", address)
        tree, heap = struct.unpack_from("<QQ", body)
        cached = self._superblock.cached
        if address == self._superblock.root and cached not in (None, (tree, heap)):
            raise self._metadata.damaged("a root group that is in two places", address)
        self._waiting += read_old_group(self._metadata, self._superblock, tree=tree, heap=heap)

    def _link(self, body: bytes, address: int) -> None:
        to = target(self._metadata, body, address=address)
        if to is not None:
            self._waiting.append(to)

    def _attribute(self, body: bytes, address: int) -> None:
        read_attribute(self._metadata, body, address=address, types=self._types, heaps=self._heaps)

    def _dataset(self, address: int, parts: dict[int, Message]) -> None:
        datatype, dataspace = parts.get(DATATYPE), parts.get(DATASPACE)
        if datatype is None or dataspace is None:
            raise self._metadata.damaged("a dataset without datatype or dimensions", address)
        kind = self._types.read(datatype.body, shared=bool(datatype.flags & SHARED))
        space = read_space(self._metadata, dataspace.body, address=address)
        half = self._superblock.chunks
        layout = parts[_LAYOUT].body
        read_layout(self._metadata, layout, address=address, space=space, kind=kind, half=half)
        for number in (_OLD_FILL, _FILL):
            if number in parts:
                old = number == _OLD_FILL
                read_fill(parts[number].body, kind=kind, heaps=self._heaps, old=old)

    def _require_known(self, kind: int, flags: int, address: int) -> None:
        if kind in _REFUSED:
            raise self._metadata.damaged(f"{_REFUSED[kind]}, which isn't read", address)
        if flags & SHARED and kind != DATATYPE:
            raise self._metadata.damaged("a message that objects share, which isn't read", address)


_ONCE = {DATASPACE, DATATYPE, _OLD_FILL, _FILL, _LAYOUT, _LINKS, _OLD_GROUP, _ATTRIBUTES}
_LEADING = {_LINKS, _LINK, _FILES, _ATTRIBUTE, _OLD_GROUP, _ATTRIBUTES}
