"""What the manifest beside a written checkpoint says, held against what is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tf1compat.errors import CheckpointError, CorruptCheckpointError, VerificationError
from tf1compat.files.json_text import json_bytes
from tf1compat.files.manifest import Manifest, TensorDigest, tensor_digest
from tf1compat.files.regular import open_regular

if TYPE_CHECKING:
    import numpy as np

    from tf1compat.checkpoint.entry import Entry

__all__ = ["Written"]

_REMEDY = "if the checkpoint was written anew since by something else, remove the manifest"


class Written:
    """What ``<prefix>.manifest.json`` says was written.

    Checksums tell damage; this also tells files that were swapped for others which are whole.
    """

    def __init__(self, path: str, tensors: Mapping[str, TensorDigest]) -> None:
        self._path = path
        self._tensors = tensors

    @classmethod
    def read(cls, path: str) -> Written:
        """Reads a manifest; raises CorruptCheckpointError for what is none."""
        with open_regular(path) as file:
            try:
                manifest = Manifest.from_json(json_bytes(file).decode())
            except (VerificationError, UnicodeDecodeError) as error:
                raise file.corrupt(str(error), 0) from error
        return cls(path, manifest.by_name())

    def gone(self, names: Iterable[str]) -> Iterator[CheckpointError]:
        """Yields an error for each tensor that was written and belongs to none of `names`."""
        there = set(names)
        for label in self._tensors:
            if label not in there and label.rpartition("[")[0] not in there:
                yield self._error(f"{label} was written, and isn't there", label)

    def unlike(self, name: str, entry: Entry, value: np.ndarray) -> Iterator[CheckpointError]:
        """Yields how a variable's value isn't what was written.

        Args:
          name: what the manifest calls it.
          entry: the variable.
          value: all of it, as it was read.
        """
        for index in entry.slices or ((),):
            label = _labelled(name, index) if index else name
            said = self._tensors.get(label)
            if said is None:
                yield self._error("it wasn't written, by the manifest", label)
                continue
            within: tuple[Any, ...] = (*index, ...)  # an array, also of a scalar
            piece = value[within]
            found = piece.shape, entry.dtype_name, tensor_digest(piece)
            if found != (said.shape, said.dtype, said.sha256):
                yield self._error(
                    f"expected {said.dtype} of shape {said.shape} and SHA-256 "
                    f"{said.sha256[:12]}..., as written, found {found[1]} of shape {found[0]} and "
                    f"{found[2][:12]}...",
                    label,
                )

    def _error(self, message: str, variable: str) -> CorruptCheckpointError:
        return CorruptCheckpointError(f"{message}; {_REMEDY}", file=self._path, variable=variable)


def _labelled(name: str, index: tuple[slice, ...]) -> str:
    return f"{name}[{', '.join(f'{one.start}:{one.stop}' for one in index)}]"
