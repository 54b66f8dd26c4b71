"""The formats below the checkpoint, against worked examples and an independent writer."""

import pathlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf1compat.checkpoint import open_checkpoint
from tf1compat.checkpoint.covering import uncovered
from tf1compat.checkpoint.slices import (
    Region,
    ordered_slice_key,
    parse_extents,
    parse_shape,
)
from tf1compat.checkpoint.table import crc32c
from tf1compat.checkpoint.table._snappy import uncompress
from tf1compat.checkpoint.table.reader import Table
from tf1compat.checkpoint.table.writer import _Block, _ending, table_bytes
from tf1compat.checkpoint.wire import WireError, fields, read_varint, signed64, varint
from tf1compat.errors import CorruptCheckpointError
from tf1compat.testing import assert_arrays_equal

TESTDATA = pathlib.Path(__file__).parents[1] / "testdata"


@pytest.mark.parametrize(
    ("compressed", "plain"),
    [
        (b"\x00", b""),
        (b"\x05\x10hello", b"hello"),
        (b"\x0a\x00a\x22\x01\x00", b"a" * 10),  # a copy that overlaps what it makes
        (b"\x0a\x08abc\x0d\x03", b"abcabcabca"),  # a one-byte offset
        (b"\x09\x0cabcd\x13\x04\x00\x00\x00", b"abcdabcda"),  # a four-byte offset
        (b"\x3e\xf0\x3d" + b"x" * 62, b"x" * 62),  # a literal whose length has its own byte
    ],
)
def test_snappy_worked_by_hand_from_the_format_description(compressed, plain):
    assert uncompress(compressed, limit=1000) == plain


@pytest.mark.parametrize(
    ("compressed", "message"),
    [
        (b"\x05\x10hell", "a compressed literal is cut off"),
        (b"\x05\x10hello\x00x", "compressed data give more than the 5 bytes claimed"),
        (b"\x0a\x00a\x15\x01\x00\x00", "compressed data give more than the 10 bytes claimed"),
        (b"\x06\x10hello", "compressed data give 5 bytes, 6 claimed"),
        (b"\x05\x0e\x01\x00", "a compressed copy reaches before the start"),
        (b"\x05\x00a\x0e\x00\x00", "a compressed copy reaches before the start"),  # from nowhere
        (b"\x80\x80\x80\x80\x80\x00", "the length of compressed data has more than 32 bits"),
        (b"\x80\x80\x80\x80\x10", "the length of compressed data has more than 32 bits"),
    ],
)
def test_damaged_snappy_says_what_is_wrong(compressed, message):
    with pytest.raises(WireError, match=message):
        uncompress(compressed, limit=1000)


def test_snappy_gives_no_more_than_is_allowed():
    with pytest.raises(WireError, match="claim to give 10"):
        uncompress(b"\x0a\x00a\x22\x01\x00", limit=9)


def test_compressed_blocks_are_read(tmp_path):
    """What a TensorFlow built with Snappy writes: the same blocks, compressed."""
    prefix = TESTDATA / "single_v1" / "model.ckpt-7"
    (tmp_path / "m").write_bytes(_with_literals(prefix.read_bytes()))
    plain, packed = open_checkpoint(prefix), open_checkpoint(tmp_path / "m")
    assert packed.check() == ()
    for name, entry in plain.items():
        assert_arrays_equal(packed[name].read(), entry.read())


def _with_literals(data):
    """Rewrites a table of one data block with that block as one Snappy literal."""
    import google_crc32c

    def stored(block, kind):
        crc = google_crc32c.value(block + kind)
        masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        return block + kind + struct.pack("<I", masked)

    _, position = read_varint(data, len(data) - 48)
    _, position = read_varint(data, position)
    offset, position = read_varint(data, position)
    size, _ = read_varint(data, position)
    index = data[offset : offset + size]
    key_size = index[1]
    block_size, _ = read_varint(index, 3 + key_size + 1)
    block = data[:block_size]
    literal = varint(len(block)) + b"\xf4" + struct.pack("<H", len(block) - 1) + block
    body = stored(literal, b"\1")
    handle = varint(0) + varint(len(literal))
    index = bytes([0, key_size, len(handle)]) + index[3 : 3 + key_size] + handle
    index += b"\0\0\0\0\1\0\0\0"
    empty = stored(b"\0\0\0\0\1\0\0\0", b"\0")
    handles = varint(len(body)) + varint(8) + varint(len(body) + 13) + varint(len(index))
    return body + empty + stored(index, b"\0") + handles.ljust(40, b"\0") + data[-8:]


@given(st.dictionaries(st.binary(min_size=1, max_size=30), st.binary(max_size=40), max_size=60))
def test_tables_read_back(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("table") / "t"
    expected = [(b"", b"first"), *sorted(records.items())]
    path.write_bytes(b"".join(table_bytes(expected)))
    found = [(record.key, bytes(record.value)) for record in Table(str(path)).records()]
    assert found == expected


@pytest.mark.parametrize(("before", "after"), [(b"a1", b"b"), (b"a", b"a1"), (b"a\xff", b"b1")])
def test_a_block_ends_before_the_next_ones_first_key(tmp_path, before, after):
    (tmp_path / "t").write_bytes(b"".join(table_bytes([(before, bytes(1 << 18)), (after, b"")])))
    table = Table(str(tmp_path / "t"))
    assert [record.key for record in table.records()] == [before, after]
    assert (table.find(before), table.find(after)) == (0, 1)


@given(st.integers(0, 2**64 - 1))
def test_varints_read_back(number):
    data = varint(number)
    assert read_varint(data, 0) == (number, len(data))
    assert varint(signed64(number)) == data
    for wrong in (data[:-1], b"\xff" * 9 + b"\2"):  # the other is 2^64 and more
        with pytest.raises(WireError, match="a variable-length number is cut off or too long"):
            read_varint(wrong, 0)


def _block(rows, restarts=(0,), kind=0):
    """Returns a block of (bytes shared with the key before, rest of the key), stored."""
    data = b"".join(bytes([shared, len(rest), 0]) + rest for shared, rest in rows)
    stored = data + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
    typed = stored + bytes([kind])
    return typed + crc32c.mask(crc32c.value(typed)).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([_block([(0, b"a"), (1, b"b")], (0, 4))], "should spell out its key does not"),
        ([_block([(0, b"a"), (1, b"b")], (0, 2))], "a restart points at no record"),
        ([_block([(0, b"a"), (1, b"")])], "keys are doubled or out of order"),
        ([_block([(0, b"a")], kind=2)], "compression 2 is unknown"),
        ([_block([(0, b"a"), (0, b"z1")]), _block([(0, b"z1")])], "not in the block where it"),
    ],
)
def test_tables_that_no_writer_makes(tmp_path, blocks, message):
    index, offset = _Block(1), 0
    for last, block in zip((b"z1", b"z2"), blocks, strict=False):
        index.add(last, varint(offset) + varint(len(block) - 5))
        offset += len(block)
    (tmp_path / "t").write_bytes(b"".join([*blocks, *_ending(index.finished(), offset)]))
    with pytest.raises(CorruptCheckpointError, match=message):
        list(Table(str(tmp_path / "t")).records())


@pytest.mark.parametrize("number", [0, 1 << 29])
def test_a_field_has_a_number(number):
    with pytest.raises(WireError, match=f"field number {number} can't be"):
        list(fields(varint(number << 3) + b"\1"))


def test_a_shape_has_fewer_elements_than_an_int64_counts():
    def shape(*sizes):
        parts = [b"\x08" + varint(size) for size in sizes]
        return memoryview(b"".join(b"\x12" + varint(len(part)) + part for part in parts))

    assert parse_shape(shape(1 << 31, 1 << 31)) == (1 << 31, 1 << 31)
    with pytest.raises(WireError, match=r"a shape of 2\^63 elements or more"):
        parse_shape(shape(1 << 32, 1 << 31))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_an_error(data):
    try:
        offsets = [field.offset for field in fields(data)]
    except WireError as error:
        offsets = [error.offset]
    assert all(0 <= offset <= len(data) for offset in offsets)
    assert offsets == sorted(set(offsets))


@given(
    st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-1, 2**63 - 1)), min_size=2)
)
def test_slice_keys_sort_as_their_numbers_do(pairs):
    """The one property that OrderedCode exists for; its bytes are held to 1.15.5's elsewhere."""
    by_key = sorted(pairs, key=lambda pair: ordered_slice_key(b"w", (pair,)))
    assert by_key == sorted(pairs)


def test_slice_keys_tell_names_apart():
    keys = {ordered_slice_key(name, ()) for name in (b"a", b"a\0", b"a\xff", b"a\0\1", b"")}
    assert len(keys) == 5


def box(*pairs):
    return Region(tuple(start for start, _ in pairs), tuple(size for _, size in pairs))


@pytest.mark.parametrize(
    ("regions", "shape", "wrong"),
    [
        ([box((0, 2)), box((2, 3))], (5,), ""),
        ([box((0, 2)), box((3, 2))], (5,), "4 of 5"),
        ([box((0, 3)), box((2, 3))], (5,), "overlap"),
        ([box((0, 3)), box((2, 2))], (5,), "overlap"),
        ([box((0, 2), (0, 2)), box((0, 2), (2, 2)), box((2, 2), (0, 4))], (4, 4), ""),
        ([box((0, 2), (0, 3)), box((2, 2), (0, 4)), box((0, 2), (2, 1))], (4, 4), "overlap"),
        ([box()], (), ""),
        ([box(), box()], (), "overlap"),
        ([box((0, 0))], (0,), ""),
        ([], (3,), "0 of 3"),
    ],
)
def test_slices_must_cover_without_overlap(regions, shape, wrong):
    found = uncovered(regions, shape)
    assert wrong in found
    assert bool(wrong) == bool(found)


def test_damage_names_the_file_and_the_offset(tmp_path):
    data = bytearray((TESTDATA / "single_v1" / "model.ckpt-7").read_bytes())
    data[len(data) // 2] ^= 8
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(CorruptCheckpointError, match="checksum") as caught:
        open_checkpoint(tmp_path / "m")
    assert caught.value.file == str(tmp_path / "m")
    assert caught.value.offset == 0


def test_a_block_is_indexed_by_a_key_before_the_next_blocks(tmp_path):
    records = [(b"a", b"x" * 300_000), (b"b", b"y" * 300_000), (b"d", b"z")]
    (tmp_path / "t").write_bytes(b"".join(table_bytes(records)))
    table = Table(str(tmp_path / "t"))
    places = [table.find(key) for key, _ in records]
    assert places == [0, 1, 2]


def test_a_slice_without_a_length_begins_at_nothing():
    start = varint(1 << 3) + varint(2)
    extent = varint(1 << 3 | 2) + varint(len(start)) + start
    with pytest.raises(WireError, match="a slice that starts at 2"):
        parse_extents(memoryview(extent))
