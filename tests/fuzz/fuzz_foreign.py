"""Target of what tells files of other kinds apart, by both their ends."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import tarfile
import zipfile

import numpy as np
from fuzz_scratch import written

from tf1compat.checkpoint import find_prefix
from tf1compat.checkpoint.foreign.recognition import recognise, stand_in
from tf1compat.errors import Tf1CompatError


def foreign(data: bytes) -> None:
    """A file is of one kind, whoever asks; a checkpoint's reader says so or refuses it."""
    path = written("stranger", data)
    found = recognise(path)
    assert found == recognise(path)
    assert stand_in(path) in (None, found)
    with contextlib.suppress(Tf1CompatError):
        find_prefix(path)


def foreign_seeds() -> list[bytes]:
    array = io.BytesIO()
    np.save(array, np.arange(3))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", "x")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.ckpt.index"))
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return [
        array.getvalue(),
        zipped.getvalue(),
        tar.getvalue()[:1024],
        pickle.dumps({"w": [1.0, 2.0]}),
        len(header).to_bytes(8, "little") + header + b"\0\0\0\0",
        b"\x89HDF\r\n\x1a\n" + b"\0" * 40,
        b"\x1c\0\0\0TFL3" + b"\0" * 24,
        b"\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22\x09" + b"\0" * 20,
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        b"<!DOCTYPE html><html></html>",
        b'model_checkpoint_path: "m-1"\n',
        b'node { name: "a" op: "VariableV2" }',
        b"\x0a\x0f\x0a\1a\x12\nVariableV2",
        b"\x08\7\x12\7pytorch\x3a\4\x0a\2\x0a\0",
        b"\x1f\x8b\x08\0\0\0\0\0",
        b"\0" * 64,
        b"",
    ]
