"""Written safetensors files as their own library reads them, and what the format can't hold."""

import json
import os

import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy

from tf1compat.checkpoint import open_checkpoint, tensor_digest
from tf1compat.checkpoint.safetensors_format.sealed_header import (
    HEADER,
    header_of,
    manifest_in,
    read_header,
)
from tf1compat.checkpoint.safetensors_format.writer import TensorSpec, write_safetensors
from tf1compat.errors import MisfitError, UsageError
from tf1compat.files import appending
from tf1compat.testing import assert_arrays_equal

VALUES = {
    "bytes": np.arange(3, dtype=np.uint8),
    "möbel/w": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "turned": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "big": np.arange(4, dtype=">f8"),
    "half": np.array([1.5, -2.0], ml_dtypes.bfloat16),
    "scalar": np.array(7, np.int64),
    "none": np.zeros((0, 4), np.float32),
    "truth": np.array([True, False]),
    "complex": np.array([1 + 2j], np.complex64),
}


def specs(values):
    return {n: TensorSpec(v.shape, v.dtype.newbyteorder("=").name) for n, v in values.items()}


def write(path, values, **said):
    return write_safetensors(str(path), specs(values), values.__getitem__, **said)


def test_the_library_reads_what_was_written(tmp_path):
    path = tmp_path / "m.safetensors"
    manifest = write(path, VALUES, metadata={"format": "tf"}, notes={"proof": 1})
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
        assert metadata["format"] == "tf"
        for name, value in VALUES.items():
            assert_arrays_equal(file.get_tensor(name), value.astype(value.dtype.newbyteorder("=")))
    assert [one.name for one in manifest.tensors] == list(VALUES)
    for one in manifest.tensors:
        assert one.sha256 == tensor_digest(VALUES[one.name])
    assert manifest_in(read_header(str(path))) == manifest
    assert json.loads(metadata["tf1compat.manifest"])["notes"] == {"proof": 1}


def test_float8_comes_back_by_our_reader(tmp_path):
    value = np.array([1.5, -2.0], ml_dtypes.float8_e4m3fn)
    write(tmp_path / "m.safetensors", {"e4": value})
    assert_arrays_equal(open_checkpoint(tmp_path / "m.safetensors")["e4"].read(), value)


def test_tensors_lie_as_the_library_lays_them_out(tmp_path):
    values = {n: np.ascontiguousarray(v) for n, v in VALUES.items() if n not in ("big", "none")}
    write(tmp_path / "ours.safetensors", values)
    safetensors.numpy.save_file(values, tmp_path / "theirs.safetensors")
    ours, theirs = (read_header(str(tmp_path / f"{one}.safetensors")) for one in ("ours", "theirs"))
    assert ours.start % 8 == theirs.start % 8 == 0
    for name, one in ours.tensors.items():
        assert (one.begin - ours.start) % one.stored.itemsize == 0, name
    sizes = [
        [one.stored.itemsize for one in sorted(header.tensors.values(), key=lambda t: t.begin)]
        for header in (ours, theirs)
    ]
    assert sizes[0] == sizes[1] == sorted(sizes[0], reverse=True)


@pytest.mark.parametrize("direct", [True, False])
def test_values_larger_than_a_block_are_whole(tmp_path, monkeypatch, direct):
    monkeypatch.setattr(appending, "_BLOCK", 1 << 13)
    if not direct:
        monkeypatch.delattr(os, "O_DIRECT")
    values = {n: np.arange(5000 * n, dtype=np.float32) for n in (1, 2, 3)}
    values = {f"w{n}": value for n, value in values.items()}
    write(tmp_path / "m.safetensors", values)
    for name, value in safetensors.numpy.load_file(tmp_path / "m.safetensors").items():
        assert_arrays_equal(value, values[name])


def test_one_value_is_made_after_the_other(tmp_path):
    alive, most = [0], [0]

    class Counted(np.ndarray):
        def __del__(self):
            alive[0] -= 1

    def make(name):
        alive[0] += 1
        most[0] = max(most[0], alive[0])
        return np.ones(8 << 20, np.uint8).view(Counted)

    said = {f"w{n}": TensorSpec((8 << 20,), "uint8") for n in range(8)}
    write_safetensors(str(tmp_path / "m.safetensors"), said, make)
    assert most[0] <= 4  # those that wait for their hash, 24 MB at most, and the one that is made


def test_what_the_format_cannot_hold_is_refused_all_at_once(tmp_path):
    said = {
        "a": TensorSpec((1,), "complex128"),
        "b": TensorSpec((1,), "string"),
        "__metadata__": TensorSpec((1,), "float32"),
        "\ud800": TensorSpec((1,), "float32"),
    }
    with pytest.raises(MisfitError, match="can't hold") as caught:
        write_safetensors(str(tmp_path / "m"), said, None)
    assert [problem.name for problem in caught.value.problems] == [
        "a",
        "b",
        "__metadata__",
        "\ud800",
    ]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [np.ones(3, np.float32), np.ones(2, np.float64)])
def test_a_value_of_another_shape_or_dtype_is_refused(tmp_path, value):
    with pytest.raises(UsageError, match=r"w: expected a value of shape \(2,\) and dtype float32"):
        write_safetensors(
            str(tmp_path / "m"), {"w": TensorSpec((2,), "float32")}, lambda name: value
        )


def test_what_stands_there_is_not_written_over(tmp_path):
    (tmp_path / "m").write_text("mine")
    with pytest.raises(FileExistsError, match="File exists"):
        write(tmp_path / "m", {})
    assert (tmp_path / "m").read_text() == "mine"


def test_the_digest_of_the_header_is_of_all_but_the_manifest(tmp_path):
    path = tmp_path / "m.safetensors"
    manifest = write(path, VALUES, metadata={"format": "tf"})
    assert header_of(read_header(str(path))) == manifest.parts[HEADER]
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"turned":', b'"burned":'))
    assert header_of(read_header(str(path))) != manifest.parts[HEADER]
    path.write_bytes(data.replace(b'"format":"tf"', b'"format":"pt"'))
    assert header_of(read_header(str(path))) != manifest.parts[HEADER]
