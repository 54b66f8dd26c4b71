"""Targets of source formats that are files of arrays: safetensors, and numpy's archives."""

from __future__ import annotations

import contextlib
import io
import json

import numpy as np
import safetensors
from fuzz_pieces import packed, pieces
from fuzz_scratch import written

from tf1compat.checkpoint import Checkpoint, open_checkpoint
from tf1compat.errors import CheckpointError, Tf1CompatError

_SHARDS = ("m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors")


def values_of(path: str) -> dict[str, tuple]:
    """Returns dtype, shape and bytes of what a file holds, as far as it isn't refused."""
    found: dict[str, tuple] = {}
    checkpoint = open_checkpoint(path)
    for name, entry in checkpoint.items():
        assert entry.nbytes >= 0
        with contextlib.suppress(Tf1CompatError):
            value = entry.read()
            found[name] = (entry.dtype_name, value.shape, value.tobytes())
    assert all(isinstance(error, CheckpointError) for error in checkpoint.check())
    return found


def safetensors_file(data: bytes) -> None:
    """What is taken the format's own library takes, and of the same bytes."""
    path = written("m.safetensors", data)
    try:
        found = values_of(path)
    except Tf1CompatError:
        return
    said = dict(safetensors.deserialize(data))
    names = [*Checkpoint(path)]
    assert {*said} == {*names}, sorted(names)
    for name, (_, shape, held) in found.items():
        assert tuple(said[name]["shape"]) == shape
        assert bytes(said[name]["data"]) == held


def safetensors_file_seeds() -> list[bytes]:
    tensors = {
        "a": np.arange(4, dtype="f4"),
        "b/c": np.ones((2, 2), "f2"),
        "flag": np.array([True]),
    }
    said = {
        "F4": ([4], b"ab"),
        "F8_E8M0": ([2], b"ab"),
        "F6_E2M3": ([4], b"abc"),
        "C64": ([1], bytes(8)),
    }
    return [
        _bytes_of(tensors),
        _bytes_of(tensors, {"format": "pt"}),
        _bytes_of({"n": np.zeros((0, 3), "i8"), "s": np.array(1, "u2")}),
        *(_one(dtype, shape, data) for dtype, (shape, data) in said.items()),
    ]


def _bytes_of(tensors: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> bytes:
    from safetensors.numpy import save

    return save(tensors, metadata)


def _one(dtype: str, shape: list[int], data: bytes) -> bytes:
    said = {"w": {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}
    text = json.dumps(said).encode()
    return len(text).to_bytes(8, "little") + text + data


def safetensors_index(data: bytes) -> None:
    """An index and its two files: each tensor is in the file that the index says."""
    parts = pieces(data)
    for name, held in zip(_SHARDS, parts[1:], strict=False):
        written(name, held)
    path = written("m.safetensors.index.json", parts[0] if parts else b"")
    with contextlib.suppress(Tf1CompatError):
        entries = open_checkpoint(path)
        said = json.loads(parts[0])["weight_map"]
        for name, entry in entries.items():
            assert entry.shards[0].endswith(said[name])


def safetensors_index_seeds() -> list[bytes]:
    shards = [_bytes_of({"a": np.ones(2, "f4")}), _bytes_of({"b": np.ones(2, "i4")})]
    index = {"metadata": {}, "weight_map": dict(zip("ab", _SHARDS, strict=True))}
    other = {"weight_map": {"a": "../m", "b": _SHARDS[1]}}
    return [packed([json.dumps(one).encode(), *shards]) for one in (index, other)]


def npz_source(data: bytes) -> None:
    """What is taken NumPy takes, and of the same bytes."""
    path = written("m.npz", data)
    with contextlib.suppress(Tf1CompatError):
        found = values_of(path)
        with np.load(path, allow_pickle=False) as expected:
            assert {*found} <= {*expected}
            for name, (dtype, shape, held) in found.items():
                array = expected[name]
                assert array.shape == shape
                native = array.astype(array.dtype.newbyteorder("="))
                assert dtype == "string" or native.tobytes() == held


def npz_source_seeds() -> list[bytes]:
    arrays = {"a/w": np.arange(4, dtype="f4"), "s": np.array(["a", "b"]), "c": np.ones((2, 0))}
    plain, small, other = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.savez(plain, **arrays)
    np.savez_compressed(small, **arrays)
    np.savez(other, o=np.array([1], object), w=np.asfortranarray(np.ones((2, 3), ">i4")))
    return [plain.getvalue(), small.getvalue(), other.getvalue()]
