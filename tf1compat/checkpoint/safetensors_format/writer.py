"""Writes safetensors files, one tensor in memory at a time."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from tf1compat.checkpoint.safetensors_format._header import LONGEST, METADATA, TYPES
from tf1compat.checkpoint.safetensors_format.sealed_header import (
    HEADER,
    MANIFEST,
    Extent,
    header_digest,
)
from tf1compat.errors import MisfitError, Problem, UsageError
from tf1compat.files.appending import AppendingFile
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.manifest import Manifest, TensorDigest
from tf1compat.files.streaming import stream

if TYPE_CHECKING:
    import numpy as np

__all__ = ["TensorSpec", "require_storable", "write_safetensors"]

_CODES = {name: code for code, name in TYPES.items()}
_ALIGNMENT = 8  # of the header's end, so that whoever maps the file has aligned numbers
_UNKNOWN = "0" * 64  # a digest before it is known


class TensorSpec(NamedTuple):
    """What is to be written: a shape, and a dtype by name."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def nbytes(self) -> int:
        """Size of it in bytes."""
        return math.prod(self.shape) * numpy_dtype(self.dtype).itemsize


def require_storable(specs: Mapping[str, TensorSpec]) -> None:
    """Refuses what the format has no way to say.

    Raises:
      MisfitError: naming every tensor of a dtype that it hasn't, or whose name it uses itself.
    """
    problems = [
        Problem(name, f"one of {', '.join(TYPES.values())}", spec.dtype)
        for name, spec in specs.items()
        if spec.dtype not in _CODES
    ]
    problems += [
        Problem(name, "a name in UTF-8, and not the format's own", repr(name))
        for name in specs
        if name == METADATA or any("\ud800" <= one <= "\udfff" for one in name)
    ]
    if problems:
        raise MisfitError.from_problems("safetensors can't hold all of this:", problems)


def write_safetensors(
    path: str,
    specs: Mapping[str, TensorSpec],
    make: Callable[[str], np.ndarray],
    *,
    metadata: Mapping[str, str] = MappingProxyType({}),
    notes: Mapping[str, Any] = MappingProxyType({}),
) -> Manifest:
    """Writes a new file; stage it (:func:`~tf1compat.checkpoint.staged_file`).

    Tensors stand by the size of their elements, the largest first, as the format's own library has
    them: each is aligned then. Beside the texts of `metadata` the file carries its manifest.

    Args:
      path: of the file.
      specs: shape and dtype of each tensor, by name.
      make: returns the value of a tensor, of that shape and dtype; called once each.
      metadata: texts by keys.
      notes: what else the manifest is to say, values of JSON by key.

    Returns:
      the manifest that is in the file.

    Raises:
      MisfitError: the format can't hold such tensors, or that many names.
      UsageError: a value isn't of the shape and dtype that were said.
      OSError: the file can't be written, or is there.
    """
    require_storable(specs)
    extents = _placed(specs)
    held = functools.partial(_manifest, specs, extents, dict(metadata), notes)
    manifest = held(dict.fromkeys(extents, _UNKNOWN))
    head = _header(extents, metadata, manifest)
    with AppendingFile(path) as file:
        file.append(memoryview(head))
        makes = [
            (len(head) + one[2], functools.partial(_made, name, specs[name], make))
            for name, one in extents.items()
        ]
        digests = stream(makes, lambda _, data: file.append(data))
        manifest = held(dict(zip(extents, digests, strict=True)))
        file.overwrite(0, memoryview(_header(extents, metadata, manifest)))
    return manifest


def _made(name: str, spec: TensorSpec, make: Callable[[str], np.ndarray]) -> np.ndarray:
    value = make(name)
    found = TensorSpec(value.shape, value.dtype.newbyteorder("=").name)
    if found != spec:
        raise UsageError(
            f"{name}: expected a value of shape {spec.shape} and dtype {spec.dtype}, found shape "
            f"{found.shape} and dtype {found.dtype}"
        )
    return value


def _placed(specs: Mapping[str, TensorSpec]) -> dict[str, Extent]:
    """Returns where tensors go, in order."""
    found: dict[str, Extent] = {}
    at = 0
    for name in sorted(specs, key=lambda name: -numpy_dtype(specs[name].dtype).itemsize):
        spec = specs[name]
        found[name] = (spec.dtype, spec.shape, at, at + spec.nbytes)
        at += spec.nbytes
    return found


def _manifest(
    specs: Mapping[str, TensorSpec],
    extents: Mapping[str, Extent],
    metadata: Mapping[str, str],
    notes: Mapping[str, Any],
    digests: Mapping[str, str],
) -> Manifest:
    tensors = tuple(
        TensorDigest(name, spec.shape, spec.dtype, digests[name]) for name, spec in specs.items()
    )
    return Manifest(tensors, notes, {HEADER: header_digest(extents, metadata)})


def _header(
    extents: Mapping[str, Extent], metadata: Mapping[str, str], manifest: Manifest
) -> bytes:
    """Returns the file up to its tensors; as long for any digests, which all are."""
    said: dict[str, Any] = {METADATA: {**metadata, MANIFEST: manifest.to_json()}}
    said |= {
        name: {"dtype": _CODES[dtype], "shape": shape, "data_offsets": (begin, end)}
        for name, (dtype, shape, begin, end) in extents.items()
    }
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    if len(text) > LONGEST:
        raise MisfitError(
            f"safetensors: expected names and texts of at most {LONGEST:,} bytes, found "
            f"{len(text):,}; write a format that has no such bound"
        )
    return len(text).to_bytes(8, "little") + text
