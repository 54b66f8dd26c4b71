"""Headers of objects: their messages, in however many pieces."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tf1compat.keras3.formats.hdf5.sound._metadata import Metadata

__all__ = ["CONTINUED", "Message", "read_header"]

CONTINUED = 0x10
_OLD = struct.Struct("<HHB3x")
_NEW = struct.Struct("<BHB")
_SHARED = 2
# What leads nowhere: nothing, a group's wishes, filters, a comment, times, a count.
_TELLS_NOTHING = frozenset({0, 10, 11, 13, 14, 18, 22})
_OLD_PIECE, _NEW_PIECE = "a piece of an object's header", "a checked piece of an object's header"


class Message(NamedTuple):
    """One message: the number of its kind, its flags, and what it says."""

    kind: int
    flags: int
    body: bytes


def read_header(metadata: Metadata, address: int) -> list[Message]:
    """Returns the messages of an object that may lead on, pieces in the order they are met in.

    Raises:
      CorruptCheckpointError: there is no header, or a piece is met twice or lies elsewhere.
    """
    begin = metadata.look(address, 12, _OLD_PIECE)
    if begin[:4] == b"OHDR":
        return _new(metadata, address, begin)
    if begin[0] != 1:
        raise metadata.damaged("expected the header of an object, found something else", address)
    length = struct.unpack_from("<L", begin, 8)[0]
    pieces = [metadata.claim(address, 16 + length, _OLD_PIECE)[16:]]
    messages: list[Message] = []
    for piece in pieces:  # which grows
        at, end = 0, len(piece)
        while at + 8 <= end:
            kind, size, flags = _OLD.unpack_from(piece, at)
            at += 8 + size
            if at > end:
                raise metadata.damaged("a message that is longer than its header", address)
            if kind in _TELLS_NOTHING and not flags & _SHARED:
                continue
            message = Message(kind, flags, piece[at - size : at])
            if kind == CONTINUED:
                pieces.append(_continued(metadata, message, address))
            messages.append(message)
    return messages


def _new(metadata: Metadata, address: int, begin: bytes) -> list[Message]:
    version, flags = begin[4], begin[5]
    if version != 2:
        raise metadata.damaged(f"an object's header of version {version}", address)
    start = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    length = int.from_bytes(metadata.look(address + start, width, _NEW_PIECE), "little")
    whole = start + width + length + 4
    pieces = [metadata.claim_checked(address, whole, _NEW_PIECE)[start + width : -4]]
    before = 6 if flags & 4 else 4  # bytes; messages may be in an order
    messages: list[Message] = []
    for piece in pieces:  # which grows
        for message in _new_messages(metadata, piece, address, before):
            if message.kind == CONTINUED:
                data = _continued(metadata, message, address)
                if data[:4] != b"OCHK":
                    raise metadata.damaged("a header that continues where nothing does", address)
                metadata.require_checksum(data[:-4], data[-4:], _NEW_PIECE, address=address)
                pieces.append(data[4:-4])
            messages.append(message)
    return messages


def _new_messages(metadata: Metadata, piece: bytes, address: int, before: int) -> Iterator[Message]:
    at = 0
    while at + before <= len(piece):
        kind, size, flags = _NEW.unpack_from(piece, at)
        at += before + size
        if at > len(piece):
            raise metadata.damaged("a message that is longer than its header", address)
        yield Message(kind, flags, piece[at - size : at])


def _continued(metadata: Metadata, message: Message, address: int) -> bytes:
    if len(message.body) < 16:
        raise metadata.damaged("a header that continues nowhere", address)
    where, length = struct.unpack_from("<QQ", message.body)
    return metadata.claim(where, length, _OLD_PIECE)
