"""Attributes, which note something of an object: their datatypes, and the heaps of their values."""

from __future__ import annotations

import struct

from tf1compat.keras3.formats.hdf5.sound._global_heaps import GlobalHeaps
from tf1compat.keras3.formats.hdf5.sound._metadata import Metadata
from tf1compat.keras3.formats.hdf5.sound._spaces import Datatypes, read_space

__all__ = ["read_attribute"]

_SHARED_TYPE, _SHARED_SPACE = 1, 2


def read_attribute(
    metadata: Metadata, body: bytes, *, address: int, types: Datatypes, heaps: GlobalHeaps
) -> None:
    """Looks at an attribute.

    Raises:
      CorruptCheckpointError: it is cut off, its datatype isn't sound, or its value isn't there.
      BudgetError: it goes too deep, or leads to far more than the file's size warrants.
    """
    if len(body) < 8:
        raise metadata.damaged("an attribute that is cut off", address)
    version, flags, *sizes = struct.unpack_from("<BBHHH", body)
    flags = flags if version > 1 else 0
    if not 1 <= version <= 3 or flags & _SHARED_SPACE:
        raise metadata.damaged(
            f"an attribute of version {version}, or with a shared space", address
        )
    at, parts = 8 if version < 3 else 9, []
    for size in sizes:
        parts.append(body[at : at + size])
        at += -(-size // 8) * 8 if version == 1 else size
    _, datatype, dataspace = parts
    kind = types.read(datatype, shared=bool(flags & _SHARED_TYPE))
    space = read_space(metadata, dataspace, address=address)
    length = space.elements * kind.size
    if at + length > len(body):
        raise metadata.damaged("an attribute that is cut off", address)
    if kind.leads_on:
        heaps.follow(kind, body[at : at + length])
