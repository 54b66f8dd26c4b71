"""safetensors files as their own library writes them, read without it; and what is refused."""

import json
import os

import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy

from tf1compat.checkpoint import find_prefix, open_checkpoint
from tf1compat.checkpoint.source_formats import checkpoint_names
from tf1compat.errors import (
    BudgetError,
    CheckpointNotFoundError,
    CorruptCheckpointError,
    UnsupportedCheckpointError,
)
from tf1compat.testing import assert_arrays_equal

DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "c8"]
VALUES = {
    **{f"plain/{d}": np.arange(-2, 4).astype(np.dtype(d).newbyteorder("=")) for d in DTYPES},
    "b": np.array([[1.5, -2.0]], ml_dtypes.bfloat16),
    "e4": np.array([1.5, -2.0], ml_dtypes.float8_e4m3fn),
    "e5": np.array([1.5, -2.0], ml_dtypes.float8_e5m2),
    "scalar": np.array(7, np.int64),
    "none": np.zeros((0, 4), np.float32),
    "möbel/w": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
}
LIBRARY_LACKS = {"e4", "e5", "plain/c8"}  # of the library's own writer for numpy


def packed(header, data=b"", *, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def tensor(shape=(2,), at=(0, 8), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(at)}


@pytest.fixture
def written(tmp_path):
    """Returns what writes bytes to a file of the format, and gives its path."""

    def write(data, name="m.safetensors"):
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write


def test_what_the_library_writes_is_read(tmp_path):
    path = str(tmp_path / "m.safetensors")
    values = {name: value for name, value in VALUES.items() if name not in LIBRARY_LACKS}
    safetensors.numpy.save_file(values, path, metadata={"format": "np"})
    checkpoint = open_checkpoint(path)
    assert (checkpoint.format, checkpoint.files) == ("safetensors", (path,))
    assert list(checkpoint) == sorted(values, key=str.encode)
    assert checkpoint.check() == ()
    for name, value in values.items():
        entry = checkpoint[name]
        assert (entry.dtype_name, entry.shape) == (value.dtype.name, value.shape)
        assert entry.nbytes == value.nbytes
        assert_arrays_equal(entry.read(), value)
    assert_arrays_equal(checkpoint["möbel/w"].read((1, slice(1, 3))), VALUES["möbel/w"][1, 1:3])


@pytest.mark.parametrize(("name", "dtype"), [("e4", "F8_E4M3"), ("e5", "F8_E5M2")])
def test_dtypes_that_its_writer_for_numpy_lacks(written, name, dtype):
    value = VALUES[name]
    path = written(packed({"w": tensor((2,), (0, 2), dtype)}, value.tobytes()))
    assert_arrays_equal(open_checkpoint(path)["w"].read(), value)


def test_complex_numbers(written):
    value = VALUES["plain/c8"]
    size = value.nbytes
    path = written(packed({"w": tensor(value.shape, (0, size), "C64")}, value.tobytes()))
    assert_arrays_equal(open_checkpoint(path)["w"].read(), value)


def test_what_tensorflow_has_no_dtype_for_is_listed_and_not_read(written):
    entry = open_checkpoint(written(packed({"w": tensor((4,), (0, 2), "F4")}, b"ab")))["w"]
    assert (entry.dtype_name, entry.shape, entry.nbytes) == ("F4", (4,), 2)
    with pytest.raises(UnsupportedCheckpointError, match="dtype F4 can't be read"):
        entry.read()


def test_no_value_is_read_before_it_is_asked_for(written, monkeypatch):
    path = written(packed({"w": tensor((1 << 20,), (0, 4 << 20))}, bytes(4 << 20)))
    read, size = [], os.preadv

    def preadv(handle, buffers, offset):
        read.append(sum(map(len, buffers)))
        return size(handle, buffers, offset)

    monkeypatch.setattr(os, "preadv", preadv)
    entry = open_checkpoint(path)["w"]
    assert sum(read) < 200_000  # both ends, to tell what it is, and the header
    entry.read()
    assert sum(read) >= 4 << 20


BAD = {
    "too short": (b"\2\0\0", "8 bytes expected here, but the file has 3 bytes"),
    "no length": (b"\xff" * 40, "no safetensors file, or it is cut short"),
    "no object": (packed([1]), "it doesn't begin with a brace"),
    "no JSON": (packed(b'{"w": '), "expected a header of JSON, found that"),
    "a name twice": (packed(b'{"w": 1, "w": 2}'), "'w' is there twice"),
    "half a letter": (packed(b'{"\\ud800": %s}' % json.dumps(tensor((), (0, 4))).encode()), "sur"),
    "metadata": (packed({"__metadata__": {"a": 1}}), "metadata that is texts by keys"),
    "a number": (packed({"w": 7}), "w: expected a tensor's place, found 7"),
    "another key": (packed({"w": {**tensor(), "x": 1}}, bytes(8)), "expected a tensor's place"),
    "a dtype": (packed({"w": tensor(dtype="F31")}, bytes(8)), "'F31', which the format doesn't"),
    "a shape": (packed({"w": tensor((-2,))}, bytes(8)), r"shape \[-2\] at \[0, 8\]"),
    "a bool": (packed({"w": tensor((True,), (0, 4))}, bytes(4)), r"shape \[True\]"),
    "a size": (packed({"w": tensor((3,))}, bytes(8)), r"8 bytes for F32 of shape \(3,\)"),
    "half a byte": (packed({"w": tensor((3,), (0, 1), "F4")}, b"a"), r"1 bytes for F4 of shape"),
    "a gap": (packed({"w": tensor(at=(4, 12))}, bytes(12)), "found byte"),
    "overlap": (packed({"a": tensor(), "b": tensor(at=(4, 12))}, bytes(12)), "b: expected byte"),
    "cut short": (packed({"w": tensor()}, bytes(7)), "cut short or something was appended"),
    "appended": (packed({"w": tensor()}, bytes(9)), "cut short or something was appended"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
}


@pytest.mark.parametrize("kind", BAD)
def test_damage_is_one_error_that_names_the_file(written, kind):
    data, message = BAD[kind]
    path = written(data)
    with pytest.raises(CorruptCheckpointError, match=message) as caught:
        open_checkpoint(path)
    assert str(caught.value).startswith(path)
    if kind not in ("half a letter", "a dtype", "half a byte", "a number", "another key"):
        with pytest.raises(safetensors.SafetensorError, match=r"(?i)header|metadata|tensor"):
            safetensors.numpy.load_file(path)


def test_a_header_may_not_stand_for_far_more_than_its_size(written):
    with pytest.raises(BudgetError, match="--budget"):
        open_checkpoint(written(packed(b'{"w": [%s0]}' % (b"0," * 600_000))))


def test_a_bool_that_is_none_is_damage(written):
    path = written(packed({"w": tensor((2,), (0, 2), "BOOL")}, b"\1\2"))
    with pytest.raises(CorruptCheckpointError, match="'w': a bool that is neither"):
        open_checkpoint(path)["w"].read()


def test_another_file_in_its_place_is_not_read(written):
    path = written(packed({"w": tensor()}, bytes(8)))
    entry = open_checkpoint(path)["w"]
    os.rename(written(packed({"w": tensor()}, b"\1" * 8), "other.safetensors"), path)
    with pytest.raises(CorruptCheckpointError, match=r"'w': .*changed since; open it again"):
        entry.read()
    os.remove(path)
    assert "the file is missing" in str(entry.check()[0])


@pytest.fixture
def sharded(tmp_path):
    """Two files and their index, as the Hub's conventions have them."""
    parts = [{"a/w": np.arange(4, dtype="f4")}, {"b/w": np.ones((2, 2), "i4"), "c": VALUES["b"]}]
    names = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    for part, name in zip(parts, names, strict=True):
        safetensors.numpy.save_file(part, tmp_path / name)
    found = {key: name for part, name in zip(parts, names, strict=True) for key in part}
    index = {"metadata": {"total_size": 36}, "weight_map": found}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    return tmp_path


def test_several_files_and_their_index(sharded):
    prefix = str(sharded / "model.safetensors.index.json")
    shard = sharded / "model-00001-of-00002.safetensors"
    assert find_prefix(prefix) == find_prefix(shard) == prefix
    checkpoint = open_checkpoint(prefix)
    assert list(checkpoint) == ["a/w", "b/w", "c"]
    assert_arrays_equal(checkpoint["b/w"].read(), np.ones((2, 2), "i4"))
    assert checkpoint["a/w"].shards == (str(shard),)
    assert len(checkpoint.files) == 3
    assert checkpoint_names(str(sharded)) == ("model.safetensors.index.json",)


def test_a_shard_that_is_not_there_is_named(sharded):
    (sharded / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(CorruptCheckpointError, match=r"00002-of-00002.*: the file is missing"):
        open_checkpoint(sharded / "model.safetensors.index.json")


MAPS = {
    "not an object": ([1], "there is no 'weight_map' in it"),
    "empty": ({"weight_map": {}}, "there is no 'weight_map' in it"),
    "elsewhere": ({"weight_map": {"a/w": "../x.safetensors"}}, "which is no file beside it"),
    "a root": ({"weight_map": {"a/w": "/etc/passwd"}}, "which is no file beside it"),
    "a folder": ({"weight_map": {"a/w": ".."}}, "which is no file beside it"),
    "a number": ({"weight_map": {"a/w": 1}}, "'a/w' is in '1'"),
    "another": (
        {"weight_map": {"a/w": "model-00002-of-00002.safetensors"}},
        "a/w: expected a tensor in model-00002-of-00002.safetensors, found none of that name",
    ),
    "fewer": (
        {"weight_map": {"c": "model-00002-of-00002.safetensors"}},
        "b/w: expected a tensor in no file, found it in model-00002",
    ),
}


@pytest.mark.parametrize("kind", MAPS)
def test_an_index_that_is_of_another_mind(sharded, kind):
    held, message = MAPS[kind]
    path = sharded / "model.safetensors.index.json"
    path.write_text(json.dumps(held))
    with pytest.raises(CorruptCheckpointError, match=message) as caught:
        open_checkpoint(path)
    assert str(caught.value).startswith(str(path))


def test_what_is_not_there_is_not_found(tmp_path):
    with pytest.raises(CheckpointNotFoundError, match="there is no such checkpoint"):
        open_checkpoint(tmp_path / "m.safetensors")


def test_a_size_beyond_numpys_is_told_of_no_elements_too(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(packed({"a": tensor((1 << 63, 0), (0, 0))}))
    with pytest.raises(UnsupportedCheckpointError, match="variable 'a': expected a shape that num"):
        open_checkpoint(path)["a"].read()
