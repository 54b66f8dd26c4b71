"""V1 files that no writer makes: values that aren't a tensor's, shards that contradict another."""

import pytest

from tf1compat.checkpoint import open_checkpoint, stored_type_of
from tf1compat.checkpoint.table.writer import table_bytes
from tf1compat.checkpoint.tensor_proto import decode_tensor
from tf1compat.checkpoint.wire import WireError, varint
from tf1compat.errors import CorruptCheckpointError


def field(number, data):
    """Returns a field of bytes."""
    return varint(number << 3 | 2) + varint(len(data)) + data


@pytest.mark.parametrize(
    ("dtype", "data", "message"),
    [
        ("float32", field(5, b"\0" * 4) * 2, "values in field 5, expected one field 5"),
        ("float32", field(6, b"\0" * 8), "values in field 6, expected one field 5"),
        ("int32", field(7, b"\1\2"), "not 1 integers"),
        ("int32", field(7, b""), "0 integers, expected 1"),
        ("uint64", field(17, b"\xff" * 9 + b"\2"), "a variable-length number is too long"),
        ("int8", field(7, b"\xff\1"), "values that int8 does not have"),
    ],
)
def test_values_that_are_not_the_tensors(dtype, data, message):
    with pytest.raises(WireError, match=message):
        decode_tensor(memoryview(data), stored=stored_type_of(dtype), count=1)


@pytest.mark.parametrize(("dtype", "size"), [("float64", 2), ("float32", 3)])
def test_shards_that_say_different_things_of_a_variable(tmp_path, dtype, size):
    for number, (name, length) in enumerate([("float32", 2), (dtype, size)]):
        part = field(1, b"\x08" + varint(number) + b"\x10\x01")
        shape = field(2, b"\x08" + varint(length))
        meta = field(1, b"w") + field(2, shape) + b"\x18" + varint(stored_type_of(name).code)
        head = field(1, field(1, meta + field(4, part)))
        path = tmp_path / f"m-{number:05d}-of-00002"
        path.write_bytes(b"".join(table_bytes([(b"", head)])))
    with pytest.raises(CorruptCheckpointError, match="variable 'w' differs between files"):
        open_checkpoint(tmp_path / "m")
