"""The messages a bundle's index holds, as ``tensor_bundle.proto`` describes them."""

from __future__ import annotations

import math
from typing import NamedTuple

from tf1compat.budget import Budget
from tf1compat.checkpoint.slices import EXTENTS, Extents, parse_extents, parse_shape
from tf1compat.checkpoint.stored_types import StoredType, stored_type
from tf1compat.checkpoint.table.versions import READ_VERSION, parse_versions
from tf1compat.checkpoint.wire import WireError, fields, signed64, varint
from tf1compat.errors import UnsupportedCheckpointError

__all__ = [
    "BundleRecord",
    "header_bytes",
    "parse_header",
    "parse_record",
    "record_bytes",
]

_MAX_SHARDS = 1 << 31
_MAX_OFFSET = 1 << 63
# The fields of the protos, in plain numbers: there is a record for every variable.
_NUM_SHARDS, _ENDIANNESS, _VERSIONS = 1, 2, 3  # BundleHeaderProto
_DTYPE, _SHAPE, _SHARD_ID, _OFFSET, _SIZE, _CRC32C, _SLICES = range(1, 8)  # BundleEntryProto


class BundleRecord(NamedTuple):
    """A BundleEntryProto: one tensor, or the list of slices that make one up."""

    stored: StoredType
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    slices: tuple[Extents, ...]


def parse_header(data: memoryview, *, path: str) -> int:
    """Returns the number of shards that a BundleHeaderProto gives.

    Raises:
      WireError: it is malformed, or the number can't be.
      UnsupportedCheckpointError: a big-endian file, or one for newer readers.
    """
    shards = 0
    for field in fields(data):
        if field.number == _NUM_SHARDS:
            shards = signed64(field.integer())
        elif field.number == _ENDIANNESS and field.integer():
            raise UnsupportedCheckpointError(
                f"{path}: the tensors are big-endian; save them anew on a little-endian machine"
            )
        elif field.number == _VERSIONS:
            parse_versions(field.message(), path=path)
    if not 0 < shards < _MAX_SHARDS:
        raise WireError(f"{shards} shards", 0)
    return shards


def parse_record(data: bytes, *, num_shards: int, budget: Budget) -> BundleRecord:
    """Returns what a BundleEntryProto says.

    Raises:
      WireError: it is malformed or contradicts itself.
      BudgetError: with those before it, it has more slices than its file warrants.
    """
    code = shard = offset = size = crc = 0
    shape: tuple[int, ...] = ()
    slices: list[Extents] = []
    for field in fields(data):
        if field.number == _DTYPE:
            code = field.integer()
        elif field.number == _SHAPE:
            shape = parse_shape(field.message())
        elif field.number == _SHARD_ID:
            shard = field.integer()
        elif field.number == _OFFSET:
            offset = field.integer()
        elif field.number == _SIZE:
            size = field.integer()
        elif field.number == _CRC32C:
            crc = field.fixed32()
        elif field.number == _SLICES:
            slices.append(parse_extents(field.message()))
            budget.spend(EXTENTS, len(slices[-1]) or 1)
    record = BundleRecord(stored_type(code), shape, shard, offset, size, crc, tuple(slices))
    _require_sound(record, num_shards=num_shards)
    return record


def _require_sound(record: BundleRecord, *, num_shards: int) -> None:
    if not record.stored.code:
        raise WireError("no dtype", 0)
    if record.shard >= num_shards:
        raise WireError(f"shard {record.shard} of {num_shards}", 0)
    if record.offset + record.size >= _MAX_OFFSET:
        raise WireError(f"{record.size} bytes at {record.offset}", 0)
    count = math.prod(record.shape)
    if record.slices:
        # `BundleWriter::AddSlice` gives the whole an entry without bytes; each slice has its own.
        if record.size:
            raise WireError(f"{record.size} bytes of its own beside its slices", 0)
    elif record.stored.itemsize and record.size != count * record.stored.itemsize:
        expected = f"{record.shape} of {record.stored.name}"
        raise WireError(f"{record.size} bytes for shape {expected}", 0)
    # At least a byte for each length, and the checksum of the lengths.
    elif record.stored.is_string and record.size < count + 4:
        raise WireError(f"{record.size} bytes for {count} strings", 0)


def header_bytes(num_shards: int) -> bytes:
    """Returns the BundleHeaderProto of a little-endian bundle."""
    # Field 2, the endianness, is LITTLE, a zero, which proto3 leaves out; 3 is the `VersionDef`.
    return b"\x08" + varint(num_shards) + b"\x1a\x02\x08" + varint(READ_VERSION)


def record_bytes(record: BundleRecord) -> bytes:
    """Returns the BundleEntryProto that :func:`parse_record` gives as `record`."""
    shape = b"".join(_message(2, _integer(1, size)) for size in record.shape)
    out = _integer(1, record.stored.code) + _message(2, shape)
    out += _integer(3, record.shard) + _integer(4, record.offset) + _integer(5, record.size)
    if record.crc:
        # The checksum is a fixed32, as nearly every one would be longer as a varint.
        out += b"\x35" + record.crc.to_bytes(4, "little")
    for extents in record.slices:
        out += _message(7, b"".join(_message(1, _extent(extent)) for extent in extents))
    return out


def _extent(extent: tuple[int, int]) -> bytes:
    start, length = extent
    # The length is in a oneof: one of 0 is written too, and none at all means the whole dimension.
    return _integer(1, start) + (b"\x10" + varint(length) if length >= 0 else b"")


def _integer(number: int, value: int) -> bytes:
    return bytes([number << 3]) + varint(value) if value else b""


def _message(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + varint(len(data)) + data
