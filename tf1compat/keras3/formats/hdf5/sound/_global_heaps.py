"""Heaps of values of any length, which a whole file shares."""

from __future__ import annotations

import struct

from tf1compat.budget import Meter
from tf1compat.keras3.formats.hdf5.sound._datatypes import Kind
from tf1compat.keras3.formats.hdf5.sound._metadata import Metadata

__all__ = ["GlobalHeaps"]

_OBJECT = struct.Struct("<HH4xQ")
# Elements may share what they lead to, which HDF5 makes for each.
_VALUES = Meter("bytes of attributes' values", each=8, least=16 << 20)


class GlobalHeaps:
    """Those that are met, each looked at once."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._known: dict[int, dict[int, tuple[int, int]]] = {}

    def follow(self, kind: Kind, data: bytes) -> None:
        """Looks at what elements of a datatype lead to, and at what that leads to.

        Raises:
          CorruptCheckpointError: an element leads to no value in a heap, or one of another size.
          BudgetError: it is far more than the file's size warrants.
        """
        if kind.within is None:
            for start in range(0, len(data) - kind.size + 1, kind.size):
                for offset, count, part in kind.parts:
                    at = start + offset
                    self.follow(part, data[at : at + count * part.size])
            return
        for count, address, number in struct.iter_unpack("<LQL", data[: len(data) // 16 * 16]):
            if not address:  # of no value
                continue
            length = count * kind.within.size
            self._metadata.budget.spend(_VALUES, 16 + length)
            value = self._value(address, number)
            if len(value) != length:
                found = f"a value of {len(value)} bytes where {length} are said to be"
                raise self._metadata.damaged(found, address)
            if kind.within.leads_on:
                self.follow(kind.within, value)

    def _value(self, address: int, number: int) -> bytes:
        if address not in self._known:
            self._known[address] = self._objects(address)
        offset, length = self._known[address].get(number, (-1, 0))
        if offset < 0:
            raise self._metadata.damaged(f"a heap without its value {number}", address)
        return self._metadata.look(address + offset, length, "a value in a heap")

    def _objects(self, address: int) -> dict[int, tuple[int, int]]:
        """Returns where in a heap values begin and how long they are, by their numbers."""
        what = "a heap of values"
        signature, version, size = struct.unpack("<4sB3xQ", self._metadata.look(address, 16, what))
        if signature != b"GCOL" or version != 1:
            raise self._metadata.damaged(f"expected {what}, found something else", address)
        data = self._metadata.claim(address, size, what)
        found: dict[int, tuple[int, int]] = {}
        at = 16
        while at + 16 <= size:
            number, _, length = _OBJECT.unpack_from(data, at)
            whole = 16 + -(-length // 8) * 8 if number else length
            if whole < 16 or at + whole > size or number in found:
                raise self._metadata.damaged(f"{what} whose values aren't within it", address)
            if number:
                found[number] = (at + 16, length)
            at += whole
        return found
