"""The manifest within a file that Keras reads: where it stands and what it holds.

In an HDF5 file it is a group of its own, which Keras looks past. In a ``.keras`` file it is a key
of ``metadata.json``, not a member: where there are more members than its own three, Keras unpacks
the whole archive to look for assets.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from tf1compat.errors import CheckpointError, VerificationError
from tf1compat.files.json_text import parse_json
from tf1compat.files.manifest import Manifest
from tf1compat.keras3.formats.exported import StoredValue
from tf1compat.keras3.formats.hdf5._checked_file import checked_h5

if TYPE_CHECKING:  # readers do without Keras
    from tf1compat.keras3.formats.hdf5.space import Place

__all__ = [
    "DIGITS",
    "STRUCTURE",
    "STRUCTURE_DATASET",
    "Inventory",
    "from_h5",
    "from_metadata",
    "into_h5",
    "into_metadata",
    "others_digest",
]

STRUCTURE = "structure"  # what the manifest calls the digest of all but the weights' values

_GROUP = "_tf1compat"
_KEY = "tf1compat"
STRUCTURE_DATASET = f"{_GROUP}/{STRUCTURE}"
_BESIDE = ""  # of a digest that stands beside the manifest: no bytes hold the digest of themselves
DIGITS = 64  # of a SHA-256

Inventory = tuple[Manifest, dict[str, str]]
"""The manifest of a file, and for each of its tensors the name of the HDF5 dataset."""


def into_h5(path: str, manifest: Manifest, places: Sequence[Place]) -> int:
    """Adds the manifest to the HDF5 file `path`; returns where the digest that seals it goes.

    Raises:
      OSError: the file can't be written.
    """
    held = dataclasses.replace(manifest, parts={STRUCTURE: _BESIDE})
    with checked_h5(path, "r+") as file:
        group = file.create_group(_GROUP)
        group["manifest"] = np.frombuffer(held.to_json().encode(), np.uint8)
        group[STRUCTURE] = np.zeros(DIGITS, np.uint8)
        group["datasets"] = np.frombuffer(json.dumps(_datasets(places)).encode(), np.uint8)
        return int(group[STRUCTURE].id.get_offset())


def into_metadata(metadata: bytes, manifest: Manifest, places: Sequence[Place]) -> str:
    """Returns Keras' ``metadata.json`` with the manifest added."""
    held = json.loads(metadata)
    held[_KEY] = {"manifest": json.loads(manifest.to_json()), "datasets": _datasets(places)}
    return json.dumps(held)


def from_h5(file: h5py.File, values: Mapping[str, StoredValue], *, path: str) -> Inventory | None:
    """Returns the manifest of an HDF5 file; None if it has none.

    Args:
      file: the open file.
      values: all that it holds, by name.
      path: its path, for errors.

    Raises:
      VerificationError: it is damaged, or takes far more than its size warrants.
    """
    root = h5py.h5g.open(file.id, b"/")
    if not root.links.exists(_GROUP.encode()):  # wherever it leads
        return None
    try:
        manifest, datasets = (
            parse_json(values[f"{_GROUP}/{name}"].read_bytes().tobytes(), file=f"{path}, {name}")
            for name in ("manifest", "datasets")
        )
    except (KeyError, ValueError, CheckpointError) as error:
        raise _damaged(path, error) from error
    parsed, named = _inventory(manifest, datasets, path=path)
    if STRUCTURE not in parsed.parts and STRUCTURE_DATASET not in values:  # of an earlier version
        return parsed, named
    return dataclasses.replace(parsed, parts={STRUCTURE: _sealed(values, path)}), named


def _sealed(values: Mapping[str, StoredValue], path: str) -> str:
    """Returns the digest that stands beside the manifest."""
    try:
        digest = values[STRUCTURE_DATASET].read_bytes()[:DIGITS].tobytes()
        return digest.decode("ascii")
    except (KeyError, ValueError, CheckpointError) as error:
        raise VerificationError(f"{path}: the digest of the file is damaged: {error}") from error


def others_digest(metadata: bytes) -> str:
    """Returns the SHA-256 of what a ``metadata.json`` holds beside the manifest."""
    held = parse_json(metadata, file="metadata.json", constant=float)
    others = {key: value for key, value in held.items() if key != _KEY}
    return hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()


def from_metadata(metadata: bytes, *, path: str) -> Inventory | None:
    """Returns the manifest in the ``metadata.json`` of a file; None if there is none.

    Raises:
      VerificationError: it is damaged, or takes far more than its size warrants.
    """
    try:
        held = parse_json(metadata, file=f"{path}, metadata.json")
        found = held.get(_KEY) if isinstance(held, dict) else None
        if found is None:
            return None
        manifest, datasets = found["manifest"], found["datasets"]
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(path, error) from error
    return _inventory(manifest, datasets, path=path)


def _datasets(places: Sequence[Place]) -> Mapping[str, str]:
    return {place.weight.path: place.dataset for place in places}


def _inventory(manifest: Any, datasets: Any, *, path: str) -> Inventory:
    try:
        parsed = Manifest.from_json(json.dumps(manifest))
    except VerificationError as error:
        raise _damaged(path, error) from error
    known = isinstance(datasets, dict) and all(isinstance(v, str) for v in datasets.values())
    if not known or set(datasets) != set(parsed.by_name()):
        raise _damaged(path, "its datasets aren't those of its tensors")
    return parsed, datasets


def _damaged(path: str, reason: object) -> VerificationError:
    return VerificationError(f"{path}: the manifest is damaged: {reason}")
