"""Datatypes as files describe them: how deep they go, and where elements lead to heaps."""

from __future__ import annotations

import dataclasses
import struct

from tf1compat.budget import Budget, Meter
from tf1compat.errors import CorruptCheckpointError

__all__ = ["Kind", "read_datatype"]

_LEVELS = Meter("levels of a datatype", each=0, least=32)
_WIDEST = 32  # bytes of a number
_REFERENCE = 16  # bytes of an element whose value lies in a heap: a length, an address, an index


@dataclasses.dataclass(frozen=True)
class Kind:
    """A datatype.

    Attributes:
      size: bytes of an element.
      parts: of an element, those that lead to heaps: offset, count and kind of each.
      within: what an element of any length is a sequence of, which lies in a heap; None for others.
    """

    size: int
    parts: tuple[tuple[int, int, Kind], ...] = ()
    within: Kind | None = None

    @property
    def leads_on(self) -> bool:
        """Whether elements lead to heaps."""
        return bool(self.parts) or self.within is not None


def read_datatype(data: bytes, *, budget: Budget) -> Kind:
    """Returns the datatype of a message.

    Raises:
      CorruptCheckpointError: its sizes contradict each other, or it is cut off.
      BudgetError: it goes too deep.
    """
    try:
        return _Description(data, budget).read(1)
    except (struct.error, IndexError) as error:
        raise CorruptCheckpointError("a datatype is cut off", file=budget.file) from error


class _Description:
    """What is left of a message: HDF5 takes the types within one from one place on."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._data = data
        self._at = 0
        self._budget = budget

    def read(self, level: int) -> Kind:
        self._budget.admit(_LEVELS, level)
        first, *bits, size = struct.unpack("<4BL", self._take(8))
        kind, version = first & 15, first >> 4
        self._require(1 <= version <= 5 and size > 0, "of no version or size")
        if kind == 6:
            return self._compound(bits[0] | bits[1] << 8, version=version, size=size, level=level)
        if kind == 8:
            return self._enum(bits[0] | bits[1] << 8, version=version, size=size, level=level)
        if kind == 9:
            text = bits[0] & 15 < 2 and bits[0] >> 4 < 3 and bits[1] < 2
            self._require(text and size == _REFERENCE, "of any length, of no known kind or size")
            return Kind(size, within=self.read(level + 1))
        if kind == 10:
            return self._array(version, size=size, level=level)
        self._plain(kind, bits, size)
        return Kind(size)

    def _plain(self, kind: int, bits: list[int], size: int) -> None:
        if kind in (0, 4):
            self._number(size, *struct.unpack("<HH", self._take(4)))
        elif kind == 1:
            self._float(size, bits[1])
        elif kind == 2:
            self._take(2)
        elif kind == 5:
            self._take(bits[0])
        elif kind == 7:
            self._require(bits[0] & 15 < 2, "of references that h5py doesn't write")
        else:
            self._require(kind == 3 and bits[0] & 15 < 3 and bits[0] >> 4 < 2, f"of class {kind}")

    def _number(self, size: int, offset: int, precision: int) -> None:
        fits = size <= _WIDEST and precision and offset + precision <= 8 * size
        self._require(bool(fits), "whose bits aren't within its bytes")

    def _float(self, size: int, sign: int) -> None:
        offset, precision, exponent, exponents, mantissa, mantissas, _ = struct.unpack(
            "<HH4BL", self._take(12)
        )
        self._number(size, offset, precision)
        ends = (sign + 1, exponent + exponents, mantissa + mantissas)
        fits = exponents and mantissas and exponents < 32 and max(ends) <= 8 * size
        self._require(bool(fits), "whose bits aren't within its bytes")

    def _compound(self, count: int, *, version: int, size: int, level: int) -> Kind:
        width = 4 if version < 3 else (size.bit_length() + 7) // 8
        parts = []
        for _ in range(count):
            self._name(padded=version < 3)
            offset = int.from_bytes(self._take(width), "little")
            repeats = self._dimensions() if version == 1 else 1
            kind = self.read(level + 1)
            self._require(offset + repeats * kind.size <= size, "whose members are beyond its size")
            if kind.leads_on:
                parts.append((offset, repeats, kind))
        return Kind(size, tuple(parts))

    def _dimensions(self) -> int:
        """Returns the elements of a member that is an array, as the first version has it."""
        rank = self._take(28 - 16)[0]
        sizes = struct.unpack("<4L", self._take(16))
        self._require(rank <= 4, "of too many dimensions")
        count = 1
        for size in sizes[:rank]:
            count *= size
        return count

    def _enum(self, count: int, *, version: int, size: int, level: int) -> Kind:
        base = self.read(level + 1)
        self._require(base.size == size and not base.leads_on, "whose names aren't of numbers")
        for _ in range(count):
            self._name(padded=version < 3)
        self._take(count * size)
        return Kind(size)

    def _array(self, version: int, *, size: int, level: int) -> Kind:
        rank = self._take(1 if version > 2 else 4)[0]
        sizes = struct.unpack(f"<{rank}L", self._take(4 * rank))
        if version <= 2:
            self._take(4 * rank)
        base, count = self.read(level + 1), 1
        for one in sizes:
            count *= one
        self._require(rank <= 32 and count * base.size == size, "whose dimensions aren't its size")
        return Kind(size, ((0, count, base),) if base.leads_on else ())

    def _name(self, *, padded: bool) -> None:
        length = self._data.index(b"\0", self._at) + 1 - self._at
        self._take(-(-length // 8) * 8 if padded else length)

    def _take(self, length: int) -> bytes:
        data = self._data[self._at : self._at + length]
        if len(data) < length:
            raise IndexError
        self._at += length
        return data

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise CorruptCheckpointError(f"a datatype {what}", file=self._budget.file)
