"""Targets of what every checkpoint is read with: the wire format, Snappy, tables."""

from __future__ import annotations

import contextlib
import itertools
import struct
from types import ModuleType

import fuzz_forms as forms
from fuzz_scratch import FIXTURES, written
from google.protobuf import empty_pb2, unknown_fields

from tf1compat.checkpoint.table._snappy import uncompress
from tf1compat.checkpoint.table.reader import Table
from tf1compat.checkpoint.table.writer import table_bytes
from tf1compat.checkpoint.wire import Field, WireError, fields, read_varint, signed64, varint
from tf1compat.errors import Tf1CompatError

try:
    import pysnappy  # around a decoder that has no line in common with this one
except ImportError:  # an optional extra: without it Snappy is held to its own claims alone
    pysnappy: ModuleType | None = None

_LIMIT = 1 << 16


def wire(data: bytes) -> None:
    """Fields are those that protobuf's own parser finds, where it takes the bytes for a message."""
    try:
        found = list(fields(data))
    except WireError:
        return
    for field in found:
        _ask(field)
    message = empty_pb2.Empty()
    try:
        message.ParseFromString(data)
    except Exception:  # DecodeError has no public name; it is stricter about long tags
        return
    expected = [
        (f.field_number, f.wire_type, f.data) for f in unknown_fields.UnknownFieldSet(message)
    ]
    ours = [(f.number, f.kind, bytes(f.data) if f.kind == 2 else f.value) for f in found]
    assert ours == expected, f"protobuf finds {expected}, not {ours}"


def _ask(field: Field) -> None:
    for method in (field.integer, field.fixed32, field.message, field.text, field.integers):
        with contextlib.suppress(WireError):
            method()


def wire_seeds() -> list[bytes]:
    return [
        b"\x08\x96\x01\x12\x07testing\x1d\1\2\3\4\x21\1\2\3\4\5\6\7\x08",
        b"\x0a\x04\x08\1\x10\2\x0a\x06\x0a\x04\xff\xff\xff\x7f",
        b"\x08" + varint(-1) + varint(1 << 14) + b"\0",
    ]


def varint_round_trip(data: bytes) -> None:
    """A number comes back from its varint, and a varint is read once, whatever is behind it."""
    number = int.from_bytes(data[:8], "little")
    encoded = varint(number)
    assert read_varint(encoded + data[8:], 0) == (number, len(encoded))
    assert signed64(number) % (1 << 64) == number
    with contextlib.suppress(WireError):
        value, position = read_varint(data, 0)
        assert 0 <= value < 1 << 64
        assert 0 < position <= min(len(data), 10)
        assert read_varint(data[:position] + b"\xff", 0) == (value, position)


def varint_round_trip_seeds() -> list[bytes]:
    return [varint(number) for number in (0, 127, 128, 1 << 32, (1 << 64) - 1)] + [b"\xff" * 11]


def snappy(data: bytes) -> None:
    """What comes out, or that nothing does, is what a reference decoder says."""
    try:
        found = bytes(uncompress(data, limit=_LIMIT))
    except WireError as error:
        if "claim to give" in error.message:  # more than the limit, which the other hasn't
            return
        found = None
    if found is not None:
        assert len(found) == read_varint(data, 0)[0] <= _LIMIT
    if pysnappy is not None:
        try:
            expected = bytes(pysnappy.uncompress(data))
        except Exception:  # it has no type of its own
            expected = None
        assert found == expected, f"the reference gives {expected!r:.200}, not {found!r:.200}"


def snappy_seeds() -> list[bytes]:
    literal = bytes([len(b"checkpoint") - 1 << 2]) + b"checkpoint"
    seeds = [
        b"\0",
        varint(10) + literal,
        varint(14) + literal + b"\x01\x0a",  # a copy of 4 from 10 back
        varint(74) + literal + b"\xfe\x01\0",  # 64 bytes, each of the one before
        varint(20) + literal + b"\x27\x0a\0\0\0",
        varint(70) + b"\xf0\x45" + bytes(range(70)),
    ]
    if pysnappy is not None:
        texts = (b"kernel/bias/" * 20, bytes(range(256)), b"\0" * 900)
        seeds += [bytes(pysnappy.compress(text)) for text in texts]
    return seeds


def table_block(data: bytes) -> None:
    """A block with a right checksum: what it says is said twice, and once more when rewritten."""
    kind = data[0] % 2 if data else 0
    path = written("block", forms.table_of(data[1:], kind))
    with contextlib.suppress(Tf1CompatError):
        found = _read_twice(path)
        assert kind or found == _slowly(data[1:]), f"expected {_slowly(data[1:])}, found {found}"


def _slowly(block: bytes) -> list[tuple[bytes, bytes]] | None:
    """Returns the records of a block as LevelDB's format has them; None of what is none."""
    count = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (count + 1)
    restarts = [
        int.from_bytes(block[at : at + 4], "little") for at in range(end, len(block) - 4, 4)
    ]
    found: list[tuple[bytes, bytes]] = []
    key, starts, at = b"", [], 0
    while at < end:
        starts.append(at)
        shared, at = read_varint(block, at)
        fresh, at = read_varint(block, at)
        size, at = read_varint(block, at)
        if shared > len(key) or at + fresh + size > end or (shared and starts[-1] in restarts):
            return None
        key = key[:shared] + block[at : at + fresh]
        found.append((key, block[at + fresh : at + fresh + size]))
        at += fresh + size
    keys = [one for one, _ in found]
    rising = all(one < other for one, other in itertools.pairwise(keys))
    return found if rising and set(restarts) <= {*starts, 0} else None


def _read_twice(path: str) -> list[tuple[bytes, bytes]]:
    table = Table(path)
    found = [(record.key, bytes(record.value)) for record in table.records()]
    assert found == [(record.key, bytes(record.value)) for record in table.records()]
    for key, _ in found[:3]:
        place = table.find(key)
        assert place is not None
        assert any(key == record.key for record in table.block(place))
    again = Table(written("again", b"".join(table_bytes(found))))
    assert found == [(record.key, bytes(record.value)) for record in again.records()]
    return found


def table_block_seeds() -> list[bytes]:
    seeds = []
    for count in (1, 17, 40):
        records = ((b"%04d" % number, b"v" * (number % 5)) for number in range(count))
        block = b"".join(table_bytes(records))
        seeds.append(b"\0" + block[: block.rindex(struct.pack("<I", 1)) - 60])
    # Sound; more of the key before than there is; keys that fall.
    records = (b"\0\1\1ab\1\1\1bc", b"\0\1\1ab\5\1\1bc", b"\0\1\1bb\0\1\1ac")
    seeds += [b"\0" + some + b"\0\0\0\0\1\0\0\0" for some in records]
    return seeds + [b"\1" + one for one in snappy_seeds()]


def table_file(data: bytes) -> None:
    """A whole file, with right checksums where its footer leads to blocks."""
    for whole in (data, forms.sealed(data)):
        with contextlib.suppress(Tf1CompatError):
            _read_twice(written("table", whole))


def table_file_seeds() -> list[bytes]:
    tables = [
        b"".join(table_bytes([(b"a", b"1"), (b"ab", b"2"), (b"b", b"")])),
        b"".join(table_bytes([])),
        forms.table_of(varint(24) + b"\x0c\0\1\2abc\0\0\0\0\1\0\0\0", 1),
    ]
    index = FIXTURES / "sharded_v2" / "model.ckpt-7.index"
    return [*tables, index.read_bytes()]
