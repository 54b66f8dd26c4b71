"""What an object's messages say of it, and the structures that they lead to."""

from __future__ import annotations

import dataclasses
import math
import struct

from tf1compat.errors import CorruptCheckpointError
from tf1compat.keras3.formats.hdf5.sound._datatypes import Kind, read_datatype
from tf1compat.keras3.formats.hdf5.sound._headers import Message, read_header
from tf1compat.keras3.formats.hdf5.sound._metadata import Metadata

__all__ = ["DATASPACE", "DATATYPE", "SHARED", "Datatypes", "Space", "read_space"]

DATASPACE, DATATYPE = 1, 3
SHARED = 2  # of a message's flags: it says where another object has it
_COMMITTED = 2


@dataclasses.dataclass(frozen=True)
class Space:
    """A dataspace.

    Attributes:
      shape: its dimensions; None where it has no elements at all.
      most: what these may grow to, UNDEFINED where nothing is said.
    """

    shape: tuple[int, ...] | None
    most: tuple[int, ...]

    @property
    def elements(self) -> int:
        """How many there are."""
        return 0 if self.shape is None else math.prod(self.shape)


def read_space(metadata: Metadata, body: bytes, *, address: int) -> Space:
    """Returns the dataspace of a message.

    Raises:
      CorruptCheckpointError: it is cut off, or has more dimensions than there can be.
    """
    version, rank, flags = body[:3] if len(body) > 3 else (0, 0, 0)
    start = {1: 8, 2: 4}.get(version, len(body) + 1)
    count = 2 * rank if flags & 1 else rank
    if rank > 32 or start + 8 * count > len(body):
        raise metadata.damaged("a dataspace that is cut off", address)
    sizes = struct.unpack_from(f"<{count}Q", body, start)
    if version == 2 and body[3] == 2:
        return Space(None, ())
    return Space(sizes[:rank], sizes[rank:] or sizes)


class Datatypes:
    """Those of messages, each read once; and the objects that are datatypes.

    Attributes:
      early: headers of objects that were met as datatypes alone so far, by their addresses.
    """

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._known: dict[bytes, Kind] = {}
        self._objects: dict[int, Kind] = {}
        self.early: dict[int, list[Message]] = {}

    def read(self, body: bytes, *, shared: bool) -> Kind:
        """Returns what a message says, or the object that it names.

        Raises:
          CorruptCheckpointError: it isn't sound, or names an object that is none.
          BudgetError: it goes too deep.
        """
        if shared:
            return self._named(body)
        kind = self._known.get(body)
        if kind is None:
            kind = self._known[body] = read_datatype(body, budget=self._metadata.budget)
        return kind

    def _named(self, body: bytes) -> Kind:
        version, sort = body[:2] if len(body) > 1 else (0, 0)
        at = 16 if version == 1 else 2
        known = version in (1, 2) or (version == 3 and sort == _COMMITTED)
        if not known or len(body) < at + 8:
            raise CorruptCheckpointError(
                "a datatype that isn't told, nor where it is", file=self._metadata.budget.file
            )
        address = struct.unpack_from("<Q", body, at)[0]
        if address not in self._objects:
            self.early[address] = read_header(self._metadata, address)
            self.note(address, self.early[address])
        return self._objects[address]

    def note(self, address: int, messages: list[Message]) -> None:
        """Keeps the datatype that an object is; HDF5 would go on where that is another object's."""
        own = [one for one in messages if one.kind == DATATYPE]
        if len(own) != 1 or own[0].flags & SHARED:
            raise self._metadata.damaged("a datatype that is another object's", address)
        self._objects[address] = self.read(own[0].body, shared=False)
