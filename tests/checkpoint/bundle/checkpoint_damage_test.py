"""Bundles that no writer makes: indices that contradict themselves, and files beside them."""

import google_crc32c
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, stored_type_of, write_checkpoint
from tf1compat.checkpoint.bundle._records import BundleRecord, header_bytes, record_bytes
from tf1compat.checkpoint.bundle._strings import encode_strings
from tf1compat.checkpoint.slices import ordered_slice_key
from tf1compat.checkpoint.table import crc32c
from tf1compat.checkpoint.table.writer import table_bytes
from tf1compat.errors import CorruptCheckpointError

HALF, WHOLE = ((0, 2),), ((0, 4),)


def record(size, offset=0, slices=()):
    """Returns the record of a vector of so many floats."""
    held = 0 if slices else 4 * size
    return BundleRecord(stored_type_of("float32"), (size,), 0, offset, held, 0, slices)


def opened(folder, records):
    """Returns a bundle of one data file, with this index, opened."""
    rows = {b"": header_bytes(1)} | {key: record_bytes(one) for key, one in records.items()}
    (folder / "m.index").write_bytes(b"".join(table_bytes(sorted(rows.items()))))
    (folder / "m.data-00000-of-00001").write_bytes(bytes(16))
    return open_checkpoint(folder / "m")


def test_an_index_made_by_hand_opens(tmp_path):
    pieces = {ordered_slice_key(b"w", WHOLE): record(4)}
    assert opened(tmp_path, {b"w": record(4, slices=(WHOLE,))} | pieces)["w"].shape == (4,)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (
            {b"a": record(2), b"b": record(2, offset=4)},
            "the index gives byte 4 of shard 0 to two tensors",
        ),
        (
            {b"w": record(4), ordered_slice_key(b"w", HALF): record(2)},
            "slices: expected 0, found 1",
        ),
        (
            {
                b"w": record(4, slices=(WHOLE,)),
                ordered_slice_key(b"w", WHOLE): record(4, slices=(WHOLE,)),
            },
            r"the slice at \(0,\) is not of the variable's kind",
        ),
        ({b"w": record(1)._replace(shard=1)}, "shard 1 of 1"),
        (
            {
                b"w": record(4, slices=(WHOLE,))._replace(size=4),
                ordered_slice_key(b"w", WHOLE): record(4),
            },
            "4 bytes of its own beside its slices",
        ),
        (
            {b"w": BundleRecord(stored_type_of("object"), (3,), 0, 0, 6, 0, ())},
            "6 bytes for 3 strings",
        ),
    ],
)
def test_an_index_that_contradicts_itself_is_damage(tmp_path, records, message):
    with pytest.raises(CorruptCheckpointError, match=message):
        opened(tmp_path, records)


def test_an_index_without_a_header_is_damage(tmp_path):
    scalar = record(1)._replace(shape=())
    (tmp_path / "m.index").write_bytes(b"".join(table_bytes([(b"w", record_bytes(scalar))])))
    with pytest.raises(CorruptCheckpointError, match="the index has no header"):
        open_checkpoint(tmp_path / "m")


def test_data_with_something_appended_are_damage(tmp_path):
    write_checkpoint(tmp_path / "m", {"w": np.zeros(2)})
    with open(tmp_path / "m.data-00000-of-00001", "ab") as file:
        file.write(b"x")
    with pytest.raises(CorruptCheckpointError, match="accounts for 16 bytes, the file has 17"):
        open_checkpoint(tmp_path / "m")["w"].read()


def test_a_tensor_without_elements_is_not_read_from_a_file_that_is_gone(tmp_path):
    write_checkpoint(tmp_path / "m", {"w": np.zeros((0, 2))})
    (tmp_path / "m.data-00000-of-00001").unlink()
    with pytest.raises(CorruptCheckpointError, match="the file is missing"):
        open_checkpoint(tmp_path / "m")["w"].read()


def test_a_bool_is_0_or_1_whatever_its_checksum(tmp_path):
    crc = crc32c.mask(google_crc32c.value(b"\2"))
    checkpoint = opened(
        tmp_path, {b"w": BundleRecord(stored_type_of("bool"), (1,), 0, 0, 1, crc, ())}
    )
    (tmp_path / "m.data-00000-of-00001").write_bytes(b"\2")
    with pytest.raises(CorruptCheckpointError, match="a bool that is neither 0 nor 1"):
        checkpoint["w"].read()


def test_a_data_file_that_holds_no_tensor_may_be_empty_if_it_is_one_of_them(tmp_path):
    write_checkpoint(tmp_path / "m", {"w": np.zeros(2)}, num_shards=2)
    assert open_checkpoint(tmp_path / "m").check() == ()
    (tmp_path / "m.data-00001-of-00002").write_bytes(b"x")
    (tmp_path / "m.data-00001-of-00003").touch()
    one, other = open_checkpoint(tmp_path / "m").check()
    assert "m.data-00001-of-00002 at byte 0: 1 bytes that the index does not know of" in str(one)
    assert "m.data-00001-of-00003 at byte 0: 0 bytes that the index does not know of" in str(other)


class Long(bytes):
    """Stands for a string of 4 GB."""

    def __len__(self):
        return 1 << 32


def test_the_length_of_a_string_of_4_gb_enters_the_checksum_as_8_bytes():
    stored, _ = encode_strings([b"a", Long(), b"b"])
    lengths = bytes([1, 0, 0, 0]) + bytes([0, 0, 0, 0, 1, 0, 0, 0]) + bytes([1, 0, 0, 0])
    assert stored[-4:] == crc32c.mask(google_crc32c.value(lengths)).to_bytes(4, "little")
