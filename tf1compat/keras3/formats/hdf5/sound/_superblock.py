"""The first structure of an HDF5 file: where the root group is, and how large nodes are."""

from __future__ import annotations

import dataclasses
import struct

from tf1compat.keras3.formats.hdf5.sound._metadata import UNDEFINED, Metadata

__all__ = ["Superblock", "read_superblock"]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_CACHED_GROUP = 1


@dataclasses.dataclass(frozen=True)
class Superblock:
    """Attributes: root: address of the root group's header.

    extension: address of the header of what is said beside; None for none.
    leaf, internal, chunks: half of the most entries of a symbol node, of a group's and of a
      chunks' B-tree node.
    cached: B-tree and heap of the root group, as noted beside its address; None for none.
    """

    root: int
    extension: int | None = None
    leaf: int = 4
    internal: int = 16
    chunks: int = 32
    cached: tuple[int, int] | None = None


def read_superblock(metadata: Metadata) -> Superblock | None:
    """Returns what the superblock says, and has addresses count from it; None if there is none.

    Raises:
      CorruptCheckpointError: it is cut off, or of a kind that neither Keras nor h5py writes.
    """
    for at in metadata.positions():
        if metadata.peek(at, 8) == _SIGNATURE:
            version = metadata.look(at, 9, "the superblock")[8]
            if version in (0, 1):
                return _old(metadata, at, version)
            if version in (2, 3):
                return _new(metadata, at)
            raise metadata.damaged(f"a superblock of version {version}, expected 0 to 3", at)
    return None


def _old(metadata: Metadata, at: int, version: int) -> Superblock:
    length = 96 + 4 * version
    data = metadata.look(at, length, "the superblock")
    _require_wide(metadata, at, data[13:15])
    leaf, internal = struct.unpack_from("<HH", data, 16)
    chunks = struct.unpack_from("<H", data, 24)[0] if version else 32
    base, _, end, driver, _, root, cache = struct.unpack_from("<6QL", data, 24 + 4 * version)
    if driver != UNDEFINED:
        raise metadata.damaged("its values are spread over files of a driver's own", at)
    if not (leaf and internal and chunks):
        raise metadata.damaged("its B-trees have nodes without entries", at)
    cached = struct.unpack_from("<QQ", data, length - 16) if cache == _CACHED_GROUP else None
    metadata.rebase(at, end - base)
    metadata.claim(0, length, "the superblock")
    return Superblock(root, None, leaf, internal, chunks, cached)


def _new(metadata: Metadata, at: int) -> Superblock:
    data = metadata.look(at, 48, "the superblock")
    _require_wide(metadata, at, data[9:11])
    base, extension, end, root = struct.unpack_from("<4Q", data, 12)
    metadata.rebase(at, end - base)
    metadata.claim_checked(0, 48, "the superblock")
    return Superblock(root, None if extension == UNDEFINED else extension)


def _require_wide(metadata: Metadata, at: int, sizes: bytes) -> None:
    if sizes != b"\x08\x08":
        raise metadata.damaged(f"addresses of {sizes[0]} and sizes of {sizes[1]} bytes", at)
