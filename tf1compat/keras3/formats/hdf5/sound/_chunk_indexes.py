"""Where a dataset's chunks lie, as layouts of the fourth version note it."""

from __future__ import annotations

import struct

from tf1compat.budget import Meter
from tf1compat.keras3.formats.hdf5.sound._metadata import UNDEFINED, Metadata
from tf1compat.keras3.formats.hdf5.sound._newer_trees import read_records

__all__ = ["noted_bytes", "read_chunk_index"]

_FIXED, _EXTENSIBLE, _TREE = 3, 4, 5
_NOTED = {1: 0, 2: 0, _FIXED: 1, _EXTENSIBLE: 5, _TREE: 6}  # bytes of what a layout says of each
_PAGE = 1024  # entries: longer blocks are made of pages of so many, with a checksum each
_ENTRIES = Meter("entries of an index", each=1 / 4, least=10_000)
_FILTERED = 1
# What HDF5 makes extensible arrays of: bits of the longest, entries of its first block, fewest
# entries of a block, fewest blocks of a super block, bits of a page.
_ARRAY = bytes([32, 4, 16, 4, 10])
_SUPER_BLOCKS = 29
_IN_INDEX = 4  # super blocks whose blocks the first one leads to


def read_chunk_index(
    metadata: Metadata, index: int, *, address: int, chunks: int, rank: int
) -> None:
    """Looks at an index.

    Args:
      metadata: of the file.
      index: its kind.
      address: where it begins.
      chunks: how many the dataset can have.
      rank: dimensions of the dataset.

    Raises:
      CorruptCheckpointError: it isn't sound, or isn't one of so many chunks.
      BudgetError: it has far more entries than the file's size warrants.
    """
    if address == UNDEFINED or index in (1, 2):  # one chunk, or all in one piece
        return
    if index == _FIXED:
        _read_fixed(metadata, address, chunks)
    elif index == _EXTENSIBLE:
        _read_extensible(metadata, address)
    elif index == _TREE:
        kind = metadata.look(address, 6, "an index")[5]
        width = struct.unpack("<H", metadata.look(address + 10, 2, "an index"))[0]
        least = 8 + 8 * rank + (5 if kind == 11 else 0)
        if kind not in (10, 11) or not least <= width <= least + (7 if kind == 11 else 0):
            raise metadata.damaged("expected a B-tree of chunks, found something else", address)
        read_records(metadata, address, kind=kind)
    else:
        raise metadata.damaged(f"a dataset with an index of kind {index}", address)


def noted_bytes(index: int) -> int:
    """Returns how many bytes a layout has of an index; -1 for one that isn't known."""
    return _NOTED.get(index, -1)


def _read_fixed(metadata: Metadata, address: int, chunks: int) -> None:
    header = metadata.claim_checked(address, 28, "the header of an array")
    signature, version, client, width, bits, count, data = struct.unpack_from("<4s4BQQ", header)
    if signature != b"FAHD" or version or bits != 10 or not _entry_fits(client, width):
        raise metadata.damaged("expected the header of an array, found something else", address)
    if count != chunks:
        raise metadata.damaged(f"an array of {count} entries for {chunks} chunks", address)
    metadata.budget.admit(_ENTRIES, count)
    if data == UNDEFINED:
        return
    pages = -(-count // _PAGE) if count > _PAGE else 0
    length = 18 + -(-pages // 8) + 4 * pages + count * width
    begin = b"FADB\0" + bytes([client])
    checked = 18 + -(-pages // 8) if pages else length
    _claim_block(metadata, data, length, begin=begin, header=address, checked=checked)


def _entry_fits(client: int, width: int) -> bool:
    """Tells whether entries are addresses; those of packed chunks have a size and a mask, too."""
    return 13 <= width <= 20 if client == _FILTERED else (client, width) == (0, 8)


def _read_extensible(metadata: Metadata, address: int) -> None:
    header = metadata.claim_checked(address, 72, "the header of an array")
    signature, version, client, width = struct.unpack_from("<4s3B", header)
    sizes, numbers = header[7:12], struct.unpack_from("<7Q", header, 12)
    known = sizes == _ARRAY and _entry_fits(client, width)
    if signature != b"EAHD" or version or not known:
        raise metadata.damaged("expected the header of an array, found something else", address)
    metadata.budget.admit(_ENTRIES, max(numbers[4], numbers[5]))
    first = numbers[6]
    if first == UNDEFINED:
        return
    blocks = sum(_blocks(n) for n in range(_IN_INDEX))
    supers = _SUPER_BLOCKS - _IN_INDEX
    length = 14 + 4 * width + 8 * (blocks + supers) + 4
    begin = b"EAIB\0" + bytes([client])
    data = _claim_block(metadata, first, length, begin=begin, header=address, checked=length)
    places = struct.unpack_from(f"<{blocks + supers}Q", data, 14 + 4 * width)
    array = _Array(metadata, address, client=client, width=width)
    sizes_of = [_entries(n) for n in range(_IN_INDEX) for _ in range(_blocks(n))]
    for place, entries in zip(places, sizes_of, strict=False):
        array.read_block(place, entries)
    for number, place in enumerate(places[blocks:], _IN_INDEX):
        array.read_super(place, number)


def _blocks(number: int) -> int:
    """Returns how many blocks a super block has."""
    return 1 << number // 2


def _entries(number: int) -> int:
    """Returns how many entries each block of a super block has."""
    return 16 << (number + 1) // 2


class _Array:
    """One extensible array, whose blocks name its header."""

    def __init__(self, metadata: Metadata, header: int, *, client: int, width: int) -> None:
        self._metadata, self._header = metadata, header
        self._client, self._width = bytes([client]), width

    def read_block(self, place: int, entries: int) -> None:
        if place == UNDEFINED:
            return
        pages = entries // _PAGE if entries > _PAGE else 0
        length = 22 + 4 * pages + entries * self._width
        self._claim(place, length, b"EADB\0", checked=22 if pages else length)

    def read_super(self, place: int, number: int) -> None:
        if place == UNDEFINED:
            return
        entries, blocks = _entries(number), _blocks(number)
        marks = -(-(entries // _PAGE) // 8) if entries > _PAGE else 0
        start = 18 + blocks * marks
        length = start + 8 * blocks + 4
        data = self._claim(place, length, b"EASB\0", checked=length)
        for one in struct.unpack_from(f"<{blocks}Q", data, start):
            self.read_block(one, entries)

    def _claim(self, place: int, length: int, begin: bytes, *, checked: int) -> bytes:
        begin += self._client
        header = self._header
        return _claim_block(
            self._metadata, place, length, begin=begin, header=header, checked=checked
        )


def _claim_block(
    metadata: Metadata, place: int, length: int, *, begin: bytes, header: int, checked: int
) -> bytes:
    """Returns a block, whose first `checked` bytes end in their checksum."""
    what = "a block of an array"
    data = metadata.claim(place, length, what)
    metadata.require_checksum(data[: checked - 4], data[checked - 4 : checked], what, address=place)
    if data[:14] != begin + header.to_bytes(8, "little"):
        raise metadata.damaged("expected a block of an array, found something else", place)
    return data
