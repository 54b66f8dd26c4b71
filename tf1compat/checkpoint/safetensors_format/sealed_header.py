"""What this package writes into a safetensors file beside its tensors, and how it is held to it.

The format has no checksums, but texts by keys. One of them is a manifest, with the SHA-256 of every
tensor, and of all else that the header says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from tf1compat.checkpoint.safetensors_format._header import Header, read_header
from tf1compat.files.manifest import Manifest

__all__ = [
    "HEADER",
    "MANIFEST",
    "Extent",
    "header_digest",
    "header_of",
    "manifest_in",
    "read_header",
]

MANIFEST = "tf1compat.manifest"
HEADER = "header"
"""What manifests call the digest of the header, but for the manifest that is in it."""

Extent = tuple[str, tuple[int, ...], int, int]
"""A tensor as a header says it: dtype by name, shape, where its bytes begin and end."""


def header_digest(tensors: Mapping[str, Extent], metadata: Mapping[str, str]) -> str:
    """Returns the SHA-256 of what a header says, but for the manifest.

    Args:
      tensors: by name; bytes are counted from the end of the header.
      metadata: texts by keys.
    """
    others = {key: text for key, text in metadata.items() if key != MANIFEST}
    said = {"metadata": others, "tensors": tensors}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def header_of(header: Header) -> str:
    """Returns the digest of a header that was read."""
    tensors: dict[str, Extent] = {
        name: (one.stored.name, one.shape, one.begin - header.start, one.end - header.start)
        for name, one in header.tensors.items()
    }
    return header_digest(tensors, header.metadata)


def manifest_in(header: Header) -> Manifest | None:
    """Returns the manifest that a file carries; None where this package didn't write it.

    Raises:
      VerificationError: it is damaged.
    """
    text = header.metadata.get(MANIFEST)
    return None if text is None else Manifest.from_json(text)
