"""Inputs of several pieces, one behind the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable


def pieces(data: bytes) -> list[bytes]:
    """Returns the pieces that `data` consists of: two bytes of length, then that many, or fewer."""
    found, position = [], 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 2], "little")
        found.append(data[position + 2 : position + 2 + length])
        position += 2 + length
    return found


def packed(some: Iterable[bytes]) -> bytes:
    """Returns the bytes of which :func:`pieces` makes `some`, each of less than 64 KiB."""
    return b"".join(len(piece).to_bytes(2, "little") + piece for piece in some)


def pairs(some: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Returns pieces as keys and values by turns, sorted, each key once."""
    return sorted(dict(itertools.zip_longest(some[::2], some[1::2], fillvalue=b"")).items())
