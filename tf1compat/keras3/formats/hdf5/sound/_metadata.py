"""The bytes of an HDF5 file that say where others lie, each of which has one use.

In a file that HDF5 wrote no two structures share a byte. So each is claimed as it is read, and a
structure that is met twice, within itself or within another, ends the look at it: whatever the
pointers say, no more is read than the file has, and nothing is gone round in.
"""

from __future__ import annotations

from collections.abc import Iterator

from tf1compat.budget import Budget
from tf1compat.errors import CorruptCheckpointError
from tf1compat.files.positioned import Positions, bytes_at
from tf1compat.keras3.formats.hdf5.sound._checksums import lookup3

__all__ = ["UNDEFINED", "Metadata"]

UNDEFINED = (1 << 64) - 1  # an address that leads nowhere
_PAGE = 1 << 16
_KEPT = 64  # pages


class Metadata:
    """Reads structures by their addresses, which count from the file's superblock.

    Attributes:
      budget: what reading the file may cost.
    """

    def __init__(self, handle: Positions, *, start: int, size: int, budget: Budget) -> None:
        self.budget = budget
        self._handle = handle
        self._start = start
        self._size = size
        self._pages: dict[int, bytes] = {}
        self._claims: dict[int, int] = {}  # lengths by addresses
        self._names: dict[int, str] = {}
        self._claimed = 0

    def rebase(self, start: int, size: int) -> None:
        """Has addresses count from `start` bytes further on, for `size` bytes.

        Raises:
          CorruptCheckpointError: the file has less.
        """
        if not 0 < size <= self._size - start:
            found = f"{self._size - start} bytes, where its superblock says {size}"
            raise self.damaged(f"truncated, or damaged: it has {found}", start)
        self._start += start
        self._size = size
        self._pages.clear()

    def claim(self, address: int, length: int, what: str) -> bytes:
        """Returns the bytes of a structure that no other one has.

        Raises:
          CorruptCheckpointError: it doesn't lie within the file, or was reached before.
        """
        if address in self._claims:
            first = self._names[address]
            raise self.damaged(f"{what} is reached twice, or is {first} as well", address)
        data = self.look(address, length, what)
        self._claims[address] = length
        self._names[address] = what
        self._claimed += length
        if self._claimed > self._size:
            self.require_apart()
        return data

    def claim_checked(self, address: int, length: int, what: str) -> bytes:
        """Returns the bytes of a structure that ends in its checksum; errors as for :meth:`claim`.

        HDF5 looks at checksums too, and frees memory twice where some don't match.
        """
        data = self.claim(address, length, what)
        self.require_checksum(data[:-4], data[-4:], what, address=address)
        return data

    def require_checksum(self, data: bytes, said: bytes, what: str, *, address: int) -> None:
        """Raises CorruptCheckpointError where bytes don't have the checksum that they say."""
        if lookup3(data) != int.from_bytes(said, "little"):
            raise self.damaged(f"{what} doesn't have the checksum that it says", address)

    def look(self, address: int, length: int, what: str) -> bytes:
        """Returns bytes that are claimed later, by their length; errors as for :meth:`claim`."""
        if address + length > self._size:
            found = "nowhere" if address == UNDEFINED else f"at byte {self._start + address}"
            raise CorruptCheckpointError(
                f"{what} of {length} bytes lies outside of the file ({found})",
                file=self.budget.file,
            )
        within = address % _PAGE
        if within + length > _PAGE:
            return self._read(address, length)
        number = address // _PAGE
        page = self._pages.get(number)
        if page is None:
            if len(self._pages) >= _KEPT:
                self._pages.clear()
            page = self._pages[number] = self._read(
                number * _PAGE, min(_PAGE, self._size - number * _PAGE)
            )
        return page[within : within + length]

    def peek(self, address: int, length: int) -> bytes:
        """Returns what there is of so many bytes; none outside of the file."""
        return self.look(address, max(0, min(length, self._size - address)), "what is here")

    def damaged(self, what: str, address: int) -> CorruptCheckpointError:
        """Returns an error of what lies at an address."""
        at = self._start + address
        return CorruptCheckpointError(f"{what} (at byte {at})", file=self.budget.file)

    def require_apart(self) -> None:
        """Raises CorruptCheckpointError where two structures share bytes."""
        before, end = "", 0
        for address, length in sorted(self._claims.items()):
            if address < end:
                raise self.damaged(f"{self._names[address]} lies within {before}", address)
            before, end = self._names[address], address + length

    def positions(self) -> Iterator[int]:
        """Yields where a superblock may stand: at the start, or behind a block of a user's own."""
        yield 0
        at = 512
        while at < self._size:
            yield at
            at *= 2

    def _read(self, address: int, length: int) -> bytes:
        data = bytes_at(self._handle, self._start + address, length)
        if len(data) < length:
            raise self.damaged("the file ends early", address + len(data))
        return data
