"""Targets of V1 checkpoints: whole files, damage, the protocol buffers that tensors are in."""

from __future__ import annotations

import numpy as np
from fuzz_bundles import damage, read_twice
from fuzz_forms import bursts
from fuzz_pieces import packed, pieces
from fuzz_scratch import FIXTURES, written

from tf1compat.checkpoint.stored_types import stored_type
from tf1compat.checkpoint.table.reader import Table
from tf1compat.checkpoint.table.writer import table_bytes
from tf1compat.checkpoint.tensor_proto import decode_tensor
from tf1compat.checkpoint.wire import WireError, fields, read_varint, varint
from tf1compat.errors import Tf1CompatError

_VARINTS = {3: 7, 4: 7, 5: 7, 6: 7, 9: 10, 10: 11, 14: 13, 17: 7, 19: 13, 22: 16, 23: 17}
"""Numbers of dtypes whose values are variable-length integers, and the field that has them."""


def v1(data: bytes) -> None:
    """Keys and values of a file that is sound but for what they say."""
    found = pieces(data)
    records = sorted(dict(zip(found[::2], found[1::2], strict=False)).items())
    read_twice(written("v1/m", b"".join(table_bytes(records))))


def v1_seeds() -> list[bytes]:
    paths = [FIXTURES / "single_v1" / "model.ckpt-7", *(FIXTURES / "sharded_v1").glob("model*")]
    return [
        packed(part for one in Table(str(path)).records() for part in (one.key, bytes(one.value)))
        for path in paths
    ]


def v1_damage(data: bytes) -> None:
    """Damage to one of several files is noticed."""
    damage("sharded_v1", data)


def v1_damage_seeds() -> list[bytes]:
    paths = sorted((FIXTURES / "sharded_v1").glob("model*"))
    return [
        bytes([number]) + one
        for number, path in enumerate(paths)
        for one in bursts(path.read_bytes(), 90)
    ]


def tensor_proto(data: bytes) -> None:
    """A dtype, a number of elements, and the message that should have them.

    Integers are those that a slower reading gives; both readings of the same bytes are the same.
    """
    if len(data) < 2:
        return
    stored, count = stored_type(data[0] % 26), data[1]
    readings = []
    for _ in range(2):  # values may be moved within what they are read from
        body = bytearray(data[2:])
        try:
            readings.append(decode_tensor(memoryview(body), stored=stored, count=count))
        except (WireError, Tf1CompatError) as error:
            readings.append(str(error))
    first, second = readings
    if isinstance(first, str):
        assert first == second
        return
    assert first.shape == second.shape == (count,)
    assert first.dtype == stored.numpy()
    assert repr(first.tolist()) == repr(second.tolist())
    if stored.code in _VARINTS:
        expected = _slowly(data[2:], _VARINTS[stored.code])
        plain = first.view(np.uint16) if stored.code in (14, 19) else first
        assert [int(x) % (1 << 64) for x in plain.tolist()] == expected


def _slowly(data: bytes, number: int) -> list[int]:
    packed_ = next((bytes(f.message()) for f in fields(data) if f.number == number), b"")
    found, position = [], 0
    while position < len(packed_):
        value, position = read_varint(packed_, position)
        found.append(value)
    return found


def tensor_proto_seeds() -> list[bytes]:
    numbers = b"".join(map(varint, (0, 1, 127, -1, 300)))
    seeds = [
        bytes([code, 5]) + bytes([field << 3 | 2]) + varint(len(numbers)) + numbers
        for code, field in _VARINTS.items()
    ]
    seeds += [
        bytes([code, 2]) + bytes([field << 3 | 2, 2 * size]) + bytes(range(2 * size))
        for code, field, size in ((1, 5, 4), (2, 6, 8), (8, 9, 8), (18, 12, 16))
    ]
    other = b"".join(map(varint, (9, 8, 7, 6, 5)))
    twice = b"".join(bytes([7 << 3 | 2]) + varint(len(one)) + one for one in (numbers, other))
    return [*seeds, b"\3\5" + twice, b"\7\2\x08\7\x42\1a\x42\0"]
