"""Chunks that aren't where, or what, an index says: values are refused, one by one."""

import io
import struct
import zlib

import h5py
import numpy as np
import pytest

from tf1compat.errors import CorruptCheckpointError, OutputError
from tf1compat.keras3 import read_exported
from tf1compat.keras3.formats.hdf5.loadable import loadable
from tf1compat.keras3.formats.hdf5.source import source_in

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


@pytest.mark.parametrize(
    "packed", [zlib.compress(bytes(40)), b"no more", zlib.compress(bytes(49))], ids=len
)
def test_a_chunk_that_does_not_fill_a_chunk(tmp_path, packed):
    """HDF5 would read on in memory behind what there is; Keras isn't let load such a file."""
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        made = file.create_dataset("w", (6, 2), "f4", chunks=(6, 2), compression="gzip")
        made.id.write_direct_chunk((0, 0), packed, filter_mask=int(packed == b"no more"))
    said = r"the chunk at \(0, 0\) unpacks to (less|more) than the 48 bytes of a chunk"
    with pytest.raises(CorruptCheckpointError, match=said):
        read_exported(str(path))["w"].read()
    with pytest.raises(OutputError, match=said), loadable(str(path), source_in):
        pass
