"""HDF5 files with damaged indices: they are read, or refused, and nothing goes round in them."""

import io
import struct

import h5py
import numpy as np
import pytest

from tf1compat.errors import CorruptCheckpointError
from tf1compat.keras3 import read_exported
from tf1compat.testing import assert_arrays_equal

VALUE = np.arange(12, dtype="float32").reshape(6, 2)


def _file(**storage):
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.create_dataset("layer/w", data=VALUE, **storage)
    return bytearray(memory.getvalue())


def _nodes(data):
    """Yields where nodes of B-trees begin, and what they are of: of groups 0, of chunks 1."""
    at = data.find(b"TREE")
    while at >= 0:
        yield at, data[at + 4]
        at = data.find(b"TREE", at + 1)


def test_an_index_of_a_group_that_names_itself_as_the_next(tmp_path):
    """HDF5 goes from each node to the next where it is asked how much room they take."""
    data = _file()
    for at, kind in _nodes(bytes(data)):
        assert kind == 0
        struct.pack_into("<QQ", data, at + 8, at, at)
    (tmp_path / "m.weights.h5").write_bytes(data)
    found = read_exported(str(tmp_path / "m.weights.h5"))
    assert_arrays_equal(found["layer/w"].read(), VALUE)


@pytest.mark.parametrize("storage", [{}, {"compression": "gzip"}], ids=["plain", "packed"])
def test_a_chunk_that_lies_outside_of_the_file(tmp_path, storage):
    data = _file(chunks=(6, 2), **storage)
    (node,) = [at for at, kind in _nodes(bytes(data)) if kind == 1]
    address = node + 24 + 8 + 3 * 8  # of the first chunk: behind its size, its mask, its place
    struct.pack_into("<Q", data, address, 1 << 43)
    (tmp_path / "m.weights.h5").write_bytes(data)
    found = read_exported(str(tmp_path / "m.weights.h5"))
    with pytest.raises(CorruptCheckpointError, match=r"HDF5 can't read it: Can't .*addr overflow"):
        found["layer/w"].read()
    assert [problem.name for problem in found.damage()] == ["layer/w"]
