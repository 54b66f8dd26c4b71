"""Targets of V2 checkpoints: records, strings, an index with its shard, damage, the writer."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import shutil

import numpy as np
from fuzz_forms import bursts, damaged
from fuzz_pieces import packed, pairs, pieces
from fuzz_scratch import FIXTURES, place, small_budget, written

from tf1compat.checkpoint import Checkpoint, tensor_digest, write_checkpoint
from tf1compat.checkpoint.bundle._records import (
    header_bytes,
    parse_header,
    parse_record,
    record_bytes,
)
from tf1compat.checkpoint.bundle._strings import encode_strings, read_strings
from tf1compat.checkpoint.table import crc32c
from tf1compat.checkpoint.table.reader import Table
from tf1compat.checkpoint.table.writer import table_bytes
from tf1compat.checkpoint.wire import WireError, read_varint, varint
from tf1compat.errors import Tf1CompatError
from tf1compat.files.regular import open_regular

_SMALL = 1 << 16  # elements of a tensor that is read


def bundle_record(data: bytes) -> None:
    """A record, or a header, says what it says when it is written anew."""
    with contextlib.suppress(WireError, Tf1CompatError):
        shards = parse_header(memoryview(data), path="m.index")
        assert parse_header(memoryview(header_bytes(shards)), path="m.index") == shards
    with contextlib.suppress(WireError):
        record = parse_record(data, num_shards=3, budget=small_budget())
        assert record.shard < 3
        assert record.crc < 1 << 32
        assert (
            record.stored.itemsize == 0
            or record.slices
            or record.size % record.stored.itemsize == 0
        )
        assert parse_record(record_bytes(record), num_shards=3, budget=small_budget()) == record


def bundle_record_seeds() -> list[bytes]:
    return [header_bytes(3), *(value for _, value in _index("sharded_v2")[1:])]


def bundle(data: bytes) -> None:
    """A shard, and the keys and values of an index that is sound but for what they say.

    A record's checksum is that of the bytes it points to, or its values would never be read.
    """
    shard, *rest = pieces(data) or [b""]
    records = [(key, _mended(key, value, shard)) for key, value in pairs(rest)]
    records = list(dict(records).items())
    written("b/m.index", b"".join(table_bytes(records)))
    written("b/m.data-00000-of-00001", shard)
    read_twice(place("b/m"))


def _mended(key: bytes, value: bytes, shard: bytes) -> bytes:
    if not key:
        return value
    try:
        record = parse_record(value, num_shards=1, budget=small_budget())
    except WireError:
        return value
    held = shard[record.offset : record.offset + record.size]
    if record.slices or record.stored.is_string or len(held) != record.size:
        return value
    return record_bytes(record._replace(crc=crc32c.mask(crc32c.value(held))))


def read_all(prefix: str) -> dict[str, tuple]:
    """Returns the values of a checkpoint by name, but for what is refused by an error of ours."""
    found: dict[str, tuple] = {}
    try:
        checkpoint = Checkpoint(prefix)
    except Tf1CompatError:
        return found
    for name in checkpoint:
        with contextlib.suppress(Tf1CompatError):
            found[name] = facts(checkpoint[name])
    return found


def read_twice(prefix: str) -> None:
    """Reads all of a checkpoint twice, which has to give the same, and checks it."""
    found = read_all(prefix)
    assert found == read_all(prefix), "it reads otherwise the second time"
    with contextlib.suppress(Tf1CompatError):
        assert all(isinstance(error, Tf1CompatError) for error in Checkpoint(prefix).check())


def facts(entry) -> tuple:
    """Returns dtype, shape and digest of a value; parts of it have to be parts of the whole."""
    if math.prod(entry.shape) > _SMALL:
        entry.read(tuple(slice(0, 1) for _ in entry.shape))
        return entry.dtype_name, entry.shape, ""
    value = entry.read()
    assert value.shape == entry.shape
    assert value.dtype == entry.dtype
    if value.ndim and value.shape[0]:
        row = value.shape[0] // 2
        assert tensor_digest(entry.read(row)) == tensor_digest(value[row])
    assert entry.name.full == entry.key
    return entry.dtype_name, entry.shape, tensor_digest(value)


def _index(fixture: str) -> list[tuple[bytes, bytes]]:
    folder = FIXTURES / fixture
    (path,) = folder.glob("*.index")
    return [(record.key, bytes(record.value)) for record in Table(str(path)).records()]


def bundle_seeds() -> list[bytes]:
    arrays = {
        "a/kernel": np.arange(6, dtype="float32").reshape(2, 3),
        "a/kernel/Adam": np.zeros((2, 3), "float32"),
        "beta1_power": np.float32(0.9),
        "global_step": np.int64(7),
        "flags": np.array([True, False]),
        "none": np.zeros((0, 3), "int32"),
        "words": np.array([b"", b"word"], object),
    }
    prefix = _cleared("seeds/m")
    write_checkpoint(prefix, arrays)
    seeds = [_packed_bundle(prefix)]
    sliced = FIXTURES / "sharded_v2"
    one = [(key, value) for key, value in _index("sharded_v2")]
    shards = b"".join(path.read_bytes() for path in sorted(sliced.glob("*.data-*")))
    seeds.append(packed([shards, *(part for pair in one for part in pair)]))
    return seeds


def _cleared(name: str) -> str:
    """Returns a prefix in a folder that has nothing else in it."""
    shutil.rmtree(os.path.dirname(place(name)))
    return place(name)


def _packed_bundle(prefix: str) -> bytes:
    with open(f"{prefix}.data-00000-of-00001", "rb") as file:
        shard = file.read()
    records = [(record.key, bytes(record.value)) for record in Table(f"{prefix}.index").records()]
    return packed([shard, *(part for pair in records for part in pair)])


@functools.cache
def _genuine(fixture: str) -> tuple[str, tuple[tuple[str, bytes], ...], dict[str, tuple]]:
    """Returns the prefix of a copy of a fixture, its files, and its values."""
    folder = place(f"{fixture}/x").removesuffix("/x")
    for path in (FIXTURES / fixture).iterdir():
        shutil.copy(path, folder)
    names = sorted(name for name in os.listdir(folder) if name != "checkpoint")
    files = tuple((os.path.join(folder, n), (FIXTURES / fixture / n).read_bytes()) for n in names)
    prefix = os.path.join(folder, names[0].partition(".data")[0].removesuffix(".index"))
    prefix = prefix.removesuffix("-00000-of-00003")
    return prefix, files, read_all(prefix)


def damage(fixture: str, data: bytes) -> None:
    """A few bits of one file changed: what is still read is what was written."""
    if len(data) < 5:
        return
    prefix, files, values = _genuine(fixture)
    path, whole = files[data[0] % len(files)]
    hurt = damaged(whole, data[1:])
    written(path, hurt)
    try:
        found = read_all(prefix)
        changed = {name for name, value in found.items() if values.get(name) != value}
        assert not changed, f"{path}: silently changed: {sorted(changed)}"
        unsound = hurt != whole and len(found) == len(values)
        assert not (unsound and not Checkpoint(prefix).check()), f"{path}: nothing was noticed"
    finally:
        written(path, whole)


def bundle_damage(data: bytes) -> None:
    """Damage to an index or a shard is noticed."""
    damage("sharded_v2", data)


def bundle_damage_seeds() -> list[bytes]:
    _, files, _ = _genuine("sharded_v2")
    return [
        bytes([number]) + one
        for number, (_, whole) in enumerate(files)
        for one in bursts(whole, max(len(whole) // 12, 1))
    ]


_DTYPES = ("float32", "int64", "bool", "uint8", "complex64", "float16", "int8", "object")


def bundle_written(data: bytes) -> None:
    """What the writer writes is what the reader reads."""
    arrays = {}
    for name, piece in pairs(pieces(data)):
        with contextlib.suppress(UnicodeDecodeError):
            arrays[name.decode()] = _array(piece)
    prefix = _cleared("written/m")
    try:
        write_checkpoint(prefix, arrays)
    except Tf1CompatError:
        return
    checkpoint = Checkpoint(prefix)
    assert set(checkpoint) == set(arrays)
    assert not checkpoint.check()
    for name, array in arrays.items():
        value = checkpoint[name].read()
        assert value.shape == array.shape
        assert value.dtype == array.dtype
        assert tensor_digest(value) == tensor_digest(array)


def _array(piece: bytes) -> np.ndarray:
    dtype = np.dtype(_DTYPES[piece[0] % len(_DTYPES)] if piece else "float32")
    body = piece[2:]
    if dtype.kind == "O":
        words = body.split(b" ")
        return np.array([*words, None], object)[:-1]
    count = len(body) // dtype.itemsize
    flat = np.frombuffer(body[: count * dtype.itemsize], dtype)
    if dtype.kind == "b":
        flat = np.frombuffer(body, np.uint8) > 127
    rows = piece[1] % 5 if len(piece) > 1 else 0
    return flat.reshape(rows, -1) if rows and flat.size and not flat.size % rows else flat


def bundle_written_seeds() -> list[bytes]:
    kinds = range(len(_DTYPES))
    named = [part for kind in kinds for part in (b"w%d" % kind, bytes([kind, 2]) + b"abcd" * 4)]
    return [packed(named), packed([b"", b"\0\0", b"a\0b", b"\7\0", b"x/y", b"\7\0a  b"])]


def strings(data: bytes) -> None:
    """Strings by their lengths; the checksums over them are right where the lengths can be read.

    Those that are written are those that are read.
    """
    values = pieces(data)
    head, crc = encode_strings(values)
    assert _strings(head + b"".join(values), len(values), crc) == values
    lengths, *bodies = values or [b""]
    count = bodies.pop()[0] if bodies and bodies[-1] else 0
    body, numbers = b"".join(bodies), []
    with contextlib.suppress(WireError):
        position = 0
        while position < len(lengths) and len(numbers) < count:
            number, position = read_varint(lengths, position)
            numbers.append(number)
    wide = b"".join(n.to_bytes(4 if n < 1 << 32 else 8, "little") for n in numbers)
    checked = crc32c.value(wide)
    check = crc32c.mask(checked).to_bytes(4, "little")
    crc = crc32c.mask(crc32c.extend(checked, check + body))
    with contextlib.suppress(Tf1CompatError):
        found = _strings(lengths + check + body, count, crc)
        assert b"".join(found) == body
        assert list(map(len, found)) == numbers


def _strings(stored: bytes, count: int, crc: int) -> list[bytes]:
    with open_regular(written("strings", stored)) as file:
        found = read_strings(file, offset=0, size=len(stored), count=count, crc=crc)
    assert found.shape == (count,)
    return list(found)


def strings_seeds() -> list[bytes]:
    return [
        packed([b"", b"a", b"bc"]),
        packed([b"\3\0\2", b"abcde", b"\3"]),
        packed([varint(300) + varint(1 << 33), b"a" * 300, b"\2"]),
        packed([]),
    ]
