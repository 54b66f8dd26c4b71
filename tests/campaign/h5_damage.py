"""Damage to the structures of HDF5 files, and to nothing else: bytes, pointers, counts, sizes.

Checksums are right afterwards, so that what stands behind them is reached.
"""

from __future__ import annotations

import random
import struct
import tempfile
from collections.abc import Iterator
from typing import NamedTuple
from unittest import mock

from tf1compat.budget import Budget
from tf1compat.files.positioned import Descriptor
from tf1compat.keras3.formats.hdf5.sound import check
from tf1compat.keras3.formats.hdf5.sound._metadata import Metadata

UNDEFINED = (1 << 64) - 1
_MASK = (1 << 32) - 1
_VALUES = (0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 4095, 65535, 1 << 31, 1 << 32, 1 << 40)
_VALUES += (UNDEFINED, UNDEFINED - 1, UNDEFINED - 7, 1 << 63, (1 << 63) - 1)


class Structure(NamedTuple):
    """One that the check read: where it begins in the file, its bytes, where its checksum is."""

    start: int
    length: int
    address: int
    checksum: int | None


class Seed:
    """An honest file and its structures."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data
        self.structures = list(_structures(data))
        # of bytes that are part of a structure: the others are values
        self.places = [
            n for one in self.structures for n in range(one.start, one.start + one.length)
        ]
        addresses = {one.address.to_bytes(8, "little") for one in self.structures if one.address}
        self.addresses = sorted(int.from_bytes(one, "little") for one in addresses)
        self.pointers = [at for at in self.places if data[at : at + 8] in addresses]

    def sealed(self, data: bytearray) -> bytes:
        """Returns a changed file with right checksums."""
        for start, length, _, checksum in self.structures:
            if (
                checksum is None
                or data[start : start + length] == self.data[start : start + length]
            ):
                continue
            at = start + checksum
            if data[start : start + 4] == b"FHDB":
                data[at : at + 4] = bytes(4)
                value = lookup3(bytes(data[start : start + length]))
            else:
                value = lookup3(bytes(data[start:at]))
            data[at : at + 4] = value.to_bytes(4, "little")
        return bytes(data)

    def flips(self, rng: random.Random) -> Iterator[tuple[str, bytes]]:
        """Yields the file with each byte of its structures changed, in turn."""
        for at in self.places:
            data = bytearray(self.data)
            data[at] ^= rng.choice((1 << rng.randrange(8), rng.randrange(1, 256), 255))
            yield f"byte {at} is {data[at]:#x}", self.sealed(data)

    def redirected(self) -> Iterator[tuple[str, bytes]]:
        """Yields the file with each pointer leading to each other structure, and to none."""
        size = len(self.data)
        beyond = (0, 1, UNDEFINED, UNDEFINED - 7, 1 << 63, size, size - 8, size - 1, size // 2)
        for at in self.pointers:
            for to in (*self.addresses, *beyond):
                data = bytearray(self.data)
                data[at : at + 8] = to.to_bytes(8, "little")
                yield f"the pointer at {at} leads to {to}", self.sealed(data)

    def changed(self, rng: random.Random) -> Iterator[tuple[str, bytes]]:
        """Yields, for ever, the file with one to four numbers of structures changed."""
        while True:
            data, told = bytearray(self.data), []
            for _ in range(rng.choice((1, 1, 1, 2, 4))):
                at, width = rng.choice(self.places), rng.choice((1, 2, 4, 8))
                now = int.from_bytes(data[at : at + width], "little")
                value = rng.choice((*_VALUES, now + 1, now - 1, now * 2, now ^ 8, *self.addresses))
                data[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, "little")
                told.append(f"{width} bytes at {at} are {value:#x}")
            yield ", ".join(told), self.sealed(data[: len(self.data)])

    def swapped(self, rng: random.Random) -> Iterator[tuple[str, bytes]]:
        """Yields, for ever, the file with a part of a structure in the place of another."""
        while True:
            data = bytearray(self.data)
            to, of = rng.choice(self.places), rng.choice(self.places)
            count = rng.choice((8, 16, 24, 32, 40, 64))
            data[to : to + count] = self.data[of : of + count].ljust(count, b"\0")
            yield f"{count} bytes from {of} at {to}", self.sealed(data[: len(self.data)])


def _structures(data: bytes) -> Iterator[Structure]:
    found: dict[int, int] = {}
    claim, read = Metadata.claim, check.read_superblock
    starts: list[int] = []

    def noted(self, address, length, what):
        found[address] = length
        return claim(self, address, length, what)

    def superblock(metadata):
        result = read(metadata)
        starts.append(metadata._start)
        return result

    with (
        tempfile.TemporaryFile() as file,
        mock.patch.object(Metadata, "claim", noted),
        mock.patch.object(check, "read_superblock", superblock),
    ):
        file.write(data)
        file.flush()
        check.require_sound(
            Descriptor(file), start=0, size=len(data), budget=Budget("seed", len(data))
        )
    for address, length in sorted(found.items()):
        start = starts[0] + address
        where = _checksum(data[start : start + length], superblock=not address)
        yield Structure(start, length, address, where)


def _checksum(data: bytes, *, superblock: bool) -> int | None:
    """Returns where in a structure its checksum is; None if it has none."""
    signature = data[:4]
    if superblock:
        return len(data) - 4 if data[8] >= 2 else None
    if signature == b"FHDB":
        offset = next(n for n in (4, 5) if _fits_block(data, 13 + n))
        return 13 + offset
    if signature in (b"BTIN", b"BTLF", b"FADB", b"EADB"):  # in pages, or not at the end
        ends = (n for n in range(6, len(data) - 3) if _fits(data, n))
        return next(ends, None)
    known = (b"OHDR", b"OCHK", b"FRHP", b"FHIB", b"BTHD", b"FAHD", b"EAHD", b"EAIB", b"EASB")
    return len(data) - 4 if signature in known else None


def _fits(data: bytes, at: int) -> bool:
    return struct.unpack_from("<L", data, at)[0] == lookup3(data[:at])


def _fits_block(data: bytes, at: int) -> bool:
    return data[at : at + 4] == lookup3(data[:at] + bytes(4) + data[at + 4 :]).to_bytes(4, "little")


def lookup3(data: bytes) -> int:
    """Returns the checksum of HDF5's structures: Jenkins' hash of 2006, from zero."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    if not data:
        return c
    tail = (len(data) - 1) // 12 * 12
    words = struct.unpack_from(f"<{tail // 4}L", data)
    for n in range(0, len(words), 3):
        a, b, c = _mixed(
            (a + words[n]) & _MASK, (b + words[n + 1]) & _MASK, (c + words[n + 2]) & _MASK
        )
    x, y, z = struct.unpack("<3L", data[tail:].ljust(12, b"\0"))
    return _final((a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK)


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & _MASK


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    a = (a - c & _MASK) ^ _turned(c, 4)
    c = c + b & _MASK
    b = (b - a & _MASK) ^ _turned(a, 6)
    a = a + c & _MASK
    c = (c - b & _MASK) ^ _turned(b, 8)
    b = b + a & _MASK
    a = (a - c & _MASK) ^ _turned(c, 16)
    c = c + b & _MASK
    b = (b - a & _MASK) ^ _turned(a, 19)
    a = a + c & _MASK
    c = (c - b & _MASK) ^ _turned(b, 4)
    return a, b + a & _MASK, c


def _final(a: int, b: int, c: int) -> int:
    c = ((c ^ b) - _turned(b, 14)) & _MASK
    a = ((a ^ c) - _turned(c, 11)) & _MASK
    b = ((b ^ a) - _turned(a, 25)) & _MASK
    c = ((c ^ b) - _turned(b, 16)) & _MASK
    a = ((a ^ c) - _turned(c, 4)) & _MASK
    b = ((b ^ a) - _turned(a, 14)) & _MASK
    return ((c ^ b) - _turned(b, 24)) & _MASK
