"""Targets of HDF5 files that are sound but for what they say: datasets of all kinds, manifests."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import json
import zipfile

import h5py
import numpy as np
from fuzz_archives import exported
from fuzz_pieces import packed, pieces
from fuzz_scratch import place, written

from tf1compat.checkpoint import tensor_digest
from tf1compat.errors import Tf1CompatError
from tf1compat.keras3 import read_exported
from tf1compat.keras3.formats.hdf5.inventory import STRUCTURE_DATASET
from tf1compat.keras3.formats.hdf5.sealing import structure_digest
from tf1compat.keras3.formats.hdf5.source import open_source

_KINDS = ("<f4", ">f4", "<i8", ">u2", "?", "<c8", "<f2", "S3", "V2", "V7", "<f8", "|i1", "O", "R")


def hdf5_tree(data: bytes) -> None:
    """Datasets and links that HDF5 itself wrote: a value that is read is the one HDF5 reads."""
    path = written("tree.weights.h5", _tree(pieces(data)))
    try:
        found = read_exported(path)
    except Tf1CompatError:
        return
    with h5py.File(path) as reference:
        for name, array in found.items():
            with contextlib.suppress(Tf1CompatError):
                value = array.read()
                expected = np.asarray(reference[name][()])
                plain = expected.astype(expected.dtype.newbyteorder("<"))
                assert value.shape == expected.shape, name
                bits, meant = value.tobytes(), plain.tobytes()
                assert bits == meant, name
    found.damage()


def _tree(parts: list[bytes]) -> bytes:
    memory = io.BytesIO()
    with h5py.File(memory, "w", libver=("earliest", "latest")) as file:
        for how, name, body in itertools.zip_longest(
            parts[::3], parts[1::3], parts[2::3], fillvalue=b""
        ):
            with contextlib.suppress(ValueError, TypeError, RuntimeError, OSError, KeyError):
                _add(file, how.ljust(6, b"\0"), name=name.replace(b"\0", b"_"), body=body)
    return memory.getvalue()


def _add(file: h5py.File, how: bytes, *, name: bytes, body: bytes) -> None:
    """Adds what a few bytes say: a dataset of some type and storage, or a link."""
    way = how[0] % 8
    target = body.decode("utf-8", "replace") or "/"
    if way == 7:
        links = (h5py.SoftLink(target), h5py.ExternalLink("other.h5", target), file[target])
        file[name] = links[how[1] % 3]
        return
    value = _value(how, body)
    options = {} if not value.ndim or not value.size else _options(way, how, value)
    dataset = file.create_dataset(name, data=value, **options)
    if how[5] & 1:
        dataset.attrs["dtype"] = "bfloat16"


def _options(way: int, how: bytes, value: np.ndarray) -> dict[str, object]:
    chunks = tuple(max(1, min(size, 1 + how[4] % 5)) for size in value.shape)
    return (
        {},
        {},
        {"chunks": chunks},
        {"chunks": chunks, "compression": "gzip", "shuffle": bool(how[5] & 2)},
        {"chunks": chunks, "fletcher32": True},
        {"chunks": chunks, "compression": ("lzf", "gzip")[how[5] & 1]},
        {"external": [(place("beside.raw"), 0, h5py.h5f.UNLIMITED)]},
    )[way]


def _value(how: bytes, body: bytes) -> np.ndarray:
    kind = _KINDS[how[1] % len(_KINDS)]
    if kind == "O":
        return np.array(body.split(b" "), h5py.string_dtype())
    if kind == "R":
        return np.array([h5py.Reference()], h5py.ref_dtype)
    dtype = np.dtype([("a", "<f4"), ("b", "<i2")]) if how[5] & 4 else np.dtype(kind)
    count = len(body) // dtype.itemsize
    flat = np.frombuffer(body[: count * dtype.itemsize], dtype)
    rows = how[2] % 4
    if not rows or count % rows:
        return flat.reshape(()) if count == 1 and how[3] & 1 else flat
    return flat.reshape(rows, -1)


def hdf5_tree_seeds() -> list[bytes]:
    every = [
        (bytes([way, kind, 2, 0, 1, way & 3]), b"g%d/w%d" % (way, kind), b"abcdefgh" * 3)
        for way in range(7)
        for kind in range(len(_KINDS))
    ]
    links = [(bytes([7, n, 0, 0, 0, 0]), b"link%d" % n, b"/g0/w0") for n in range(3)]
    few = [every[start : start + 5] for start in range(0, len(every), 5)]
    noted = [(b"\0\x08\0\0\0\1", b"half", b"abcd"), (b"\3\0\2\0\1\2", b"a/b/c", bytes(48))]
    return [packed(itertools.chain(*some)) for some in (*few, [*every[:2], *links], noted)]


def _held(data: bytes) -> dict:
    held = json.loads(data)
    if not isinstance(held, dict):
        raise ValueError("no object")
    return held


def hdf5_manifest(data: bytes) -> None:
    """Whatever manifest a file has, sealed as if we had: values are those of their digests."""
    try:
        held = _held(data)
    except (ValueError, RecursionError):
        held = {"manifest": data.decode("utf-8", "replace"), "datasets": {}}
    path = written("forged.weights.h5", exported(".weights.h5"))
    with h5py.File(path, "r+") as file:
        group = file["_tf1compat"]
        for name in ("manifest", "datasets"):
            if name in held:
                del group[name]
                text = json.dumps(held[name]).encode() if name == "datasets" else _text(held[name])
                group[name] = np.frombuffer(text, np.uint8)
    _seal(path)
    _hold(path, held.get("manifest") or _written()["manifest"])


def _text(value: object) -> bytes:
    return (
        value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value).encode()
    )


def _seal(path: str) -> None:
    with contextlib.suppress(Tf1CompatError):
        source = open_source(path)
        place = source.extents[STRUCTURE_DATASET].offset
        with open(path, "r+b") as file:
            file.seek(place)
            file.write(structure_digest(source).encode())


def _hold(path: str, manifest: object) -> None:
    """Reads a file of which the manifest alone isn't ours; what it names is there, or refused."""
    try:
        found = read_exported(path)
    except Tf1CompatError:
        return
    for name, array in found.items():
        with contextlib.suppress(Tf1CompatError):
            value = array.read()
            assert (value.shape, value.dtype.name) == (tuple(array.shape), array.dtype), name
            assert array.sha256 is None or tensor_digest(value) == array.sha256, name
    found.damage()
    if found.has_manifest:
        held = json.loads(manifest) if isinstance(manifest, str) else manifest
        assert set(found) == {row["name"] for row in held["tensors"]}


@functools.cache
def _written() -> dict:
    """Returns what a file of this package says of itself."""
    path = written("genuine.weights.h5", exported(".weights.h5"))
    with h5py.File(path) as file:
        group = file["_tf1compat"]
        return {name: json.loads(group[name][()].tobytes()) for name in ("manifest", "datasets")}


def hdf5_manifest_seeds() -> list[bytes]:
    held = _written()
    return [
        json.dumps(held).encode(),
        json.dumps({"manifest": json.dumps(held["manifest"])}).encode(),
    ]


def keras_metadata(data: bytes) -> None:
    """Whatever ``metadata.json`` says, values are those of their digests, and none without."""
    memory = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(exported(".keras"))) as given,
        zipfile.ZipFile(memory, "w") as made,
    ):
        for item in given.infolist():
            told = item.filename == "metadata.json"
            made.writestr(zipfile.ZipInfo(item.filename), data if told else given.read(item))
    try:
        manifest = json.loads(data)["tf1compat"]["manifest"]
    except (ValueError, RecursionError, TypeError, KeyError):
        manifest = None
    _hold(written("told.keras", memory.getvalue()), manifest)


def keras_metadata_seeds() -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(exported(".keras"))) as archive:
        return [archive.read("metadata.json"), b"{}"]
