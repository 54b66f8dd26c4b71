"""What every output carries: one SHA-256 for each tensor, with its name, shape and dtype."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tf1compat.errors import VerificationError
from tf1compat.files.json_text import parse_json
from tf1compat.files.raw import is_textual, raw_windows, strings
from tf1compat.printable import printable_name

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Manifest", "TensorDigest", "tensor_digest"]

_TENSORS_ALONE = "tf1compat-manifest-1"
_WITH_PARTS = "tf1compat-manifest-2"


@dataclasses.dataclass(frozen=True)
class TensorDigest:
    """One tensor of an output.

    Attributes:
      name: the tensor's name (a v1 variable name, or a Keras weight's path).
      shape: its dimensions.
      dtype: its dtype by name, e.g. ``"float32"``, ``"bfloat16"``, ``"string"``.
      sha256: what :func:`tensor_digest` gives for its value, 64 hexadecimal digits.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    sha256: str


@dataclasses.dataclass(frozen=True, repr=False)
class Manifest:
    """The tensors of one output, in the order they were written, and what else is known of it.

    Attributes:
      tensors: the tensors.
      notes: what whoever wrote it says of it, values of JSON by key; ``docs/proof.md`` has what
        ``proof`` says.
      parts: SHA-256 of what else of the output a loader reads, by what its format calls it; empty
        in outputs of earlier versions.

    >>> import numpy as np
    >>> tensor = TensorDigest("w", (2,), "int32", tensor_digest(np.arange(2, dtype="int32")))
    >>> Manifest.from_json(Manifest((tensor,)).to_json()) == Manifest((tensor,))
    True
    """

    tensors: tuple[TensorDigest, ...]
    notes: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)
    parts: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)

    def summary(self) -> str:
        """Returns how many tensors there are, of how many elements."""
        elements = sum(math.prod(tensor.shape) for tensor in self.tensors)
        return f"{len(self.tensors)} tensors of {elements:,} elements"

    def __repr__(self) -> str:
        noted = [*(["notes"] if self.notes else []), *self.parts]
        more = f", with {', '.join(noted)}" if noted else ""
        return printable_name(f"<Manifest: {self.summary()}{more}>")

    def to_json(self) -> str:
        """Returns the manifest as JSON text, one tensor a line."""
        lines = (json.dumps(vars(tensor)) for tensor in self.tensors)
        body = ",\n".join(lines)
        notes = f', "notes": {json.dumps(dict(self.notes))}' if self.notes else ""
        parts = f', "parts": {json.dumps(dict(self.parts))}' if self.parts else ""
        version = _WITH_PARTS if self.parts else _TENSORS_ALONE  # which earlier versions read too
        return f'{{"format": "{version}"{notes}{parts}, "tensors": [\n{body}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Returns the manifest that `text`, written by :meth:`to_json`, holds.

        Raises:
          VerificationError: `text` isn't a manifest, takes far more than its size warrants, or
            names a tensor twice.
        """
        try:
            held = parse_json(text, file="the manifest")
            if held["format"] not in (_TENSORS_ALONE, _WITH_PARTS):
                raise ValueError(
                    f"format {held['format']!r}, expected {_TENSORS_ALONE!r} or {_WITH_PARTS!r}"
                )
            notes = held.get("notes", {})
            if not isinstance(notes, dict):
                raise ValueError(f"notes {notes!r}, expected values by key")
            parts = _parts(held)
            manifest = cls(tuple(_tensor(item) for item in held["tensors"]), notes, parts)
        except (ValueError, TypeError, KeyError) as error:
            raise VerificationError(f"this is not a tensor manifest: {error}") from error
        if len(manifest.by_name()) != len(manifest.tensors):
            raise VerificationError("this manifest names a tensor twice")
        return manifest

    def by_name(self) -> dict[str, TensorDigest]:
        """Returns the tensors by their names."""
        return {tensor.name: tensor for tensor in self.tensors}


def tensor_digest(array: np.ndarray) -> str:
    """Returns the SHA-256 of a tensor's value, 64 hexadecimal digits.

    Hashed are the elements' raw bytes, little-endian, in C order, whatever the memory order of
    `array`. Of a string tensor (dtype object, bytes or str; str is encoded as UTF-8) it is each
    element's length as 8 little-endian bytes, then its bytes. Shape and dtype are not hashed.

    >>> import numpy as np
    >>> tensor_digest(np.float32(1))[:8] == hashlib.sha256(bytes([0, 0, 128, 63])).hexdigest()[:8]
    True

    Raises:
      UsageError: an element of an object array is neither bytes nor str.
    """
    import numpy as np

    digest = hashlib.sha256()
    value = np.asarray(array)
    if is_textual(value):
        for element in strings(value):
            digest.update(len(element).to_bytes(8, "little") + element)
    else:
        for window in raw_windows(value):
            digest.update(window.data)
    return digest.hexdigest()


def _parts(held: dict[str, Any]) -> dict[str, str]:
    """Returns the parts of a parsed manifest, or raises what :meth:`from_json` catches."""
    if held["format"] == _TENSORS_ALONE:
        return {}
    parts = held["parts"]
    if not isinstance(parts, dict) or not all(isinstance(one, str) for one in parts.values()):
        raise ValueError(f"parts {parts!r}, expected digests by name")
    return parts


def _tensor(item: dict[str, object]) -> TensorDigest:
    """Returns one tensor of a parsed manifest, or raises what :meth:`from_json` catches."""
    name, shape, dtype, sha256 = (item[key] for key in ("name", "shape", "dtype", "sha256"))
    texts = all(isinstance(text, str) for text in (name, dtype, sha256))
    if not texts or not isinstance(shape, list) or not all(type(size) is int for size in shape):
        raise ValueError(f"tensor {name!r} is not described as name, shape, dtype and sha256")
    return TensorDigest(str(name), tuple(shape), str(dtype), str(sha256))
