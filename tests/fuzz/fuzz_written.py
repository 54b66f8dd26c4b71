"""Target of the manifest beside a checkpoint that was written here."""

from __future__ import annotations

import functools
import json

import numpy as np
from fuzz_scratch import place, written

from tf1compat.checkpoint import Checkpoint, write_checkpoint
from tf1compat.errors import Tf1CompatError


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
