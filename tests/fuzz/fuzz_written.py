"""Targets of manifests that were written here: beside a checkpoint, and within a folder."""

from __future__ import annotations

import functools
import json
import os

import numpy as np
from fuzz_scratch import place, written

from tf1compat.checkpoint import Checkpoint, write_checkpoint
from tf1compat.errors import Tf1CompatError
from tf1compat.files import folders
from tf1compat.files.folders import (
    FOLDER_MANIFEST,
    damaged_files,
    file_digest,
    format_within,
    write_folder_manifest,
)
from tf1compat.files.manifest import Manifest


@functools.cache
def _prefix() -> tuple[str, bytes]:
    """Returns the prefix of a checkpoint, and its manifest."""
    prefix = place("manifested/m")
    arrays = {
        "a/w": np.arange(6, dtype="float32").reshape(2, 3),
        "é": np.array([b"x", b""], object),
    }
    write_checkpoint(prefix, arrays)
    with open(f"{prefix}.manifest.json", "rb") as file:
        return prefix, file.read()


def written_manifest(data: bytes) -> None:
    """A manifest that says otherwise than what was written is noticed; what says the same isn't."""
    prefix, whole = _prefix()
    written("manifested/m.manifest.json", data)
    problems = Checkpoint(prefix).check()
    assert all(isinstance(problem, Tf1CompatError) for problem in problems)
    said, meant = _tensors(data), _tensors(whole)
    assert bool(problems) == (said != meant), f"{problems} of {said}"


def _tensors(data: bytes) -> list | None:
    """Returns what a manifest says of tensors, in order; None of what is none."""
    try:
        held = json.loads(data)
        named = [
            [row[key] for key in ("name", "shape", "dtype", "sha256")] for row in held["tensors"]
        ]
        known = held["format"] == "tf1compat-manifest-1" or _are_digests(held)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    fine = known and isinstance(held.get("notes", {}), dict)
    return sorted(named, key=repr) if fine else None


def _are_digests(held: dict) -> bool:
    of_format = held["format"] == "tf1compat-manifest-2" and isinstance(held["parts"], dict)
    return of_format and all(isinstance(one, str) for one in held["parts"].values())


def written_manifest_seeds() -> list[bytes]:
    return [_prefix()[1]]


@functools.cache
def _folder() -> tuple[str, bytes]:
    """Returns a folder with a file and its manifest, and that manifest."""
    path = place(f"folder/{FOLDER_MANIFEST}")
    folder = os.path.dirname(path)
    digest = file_digest(written("folder/a", b"x"))
    write_folder_manifest(folder, Manifest((), {}, {"a": digest}), kind="k")
    with open(path, "rb") as file:
        return folder, file.read()


def folder_manifest(data: bytes) -> None:
    """A folder's manifest is read or refused, and leads to no file outside of the folder."""
    folder, _ = _folder()
    written(f"folder/{FOLDER_MANIFEST}", data)
    format_within(folder)
    try:
        manifest = folders.folder_manifest(folder)
    except Tf1CompatError:
        return
    looked_at = []

    def digest(where: str, name: str) -> str:
        looked_at.append(os.path.realpath(os.path.join(where, name)))
        return file_digest(looked_at[-1])

    damaged_files(folder, manifest, digest)
    assert all(path.startswith(os.path.join(folder, "")) for path in looked_at), looked_at


def folder_manifest_seeds() -> list[bytes]:
    whole = _folder()[1]
    return [whole, whole.replace(b'"a"', b'"../a"'), whole.replace(b'"a"', b'"/etc/hostname"')]
