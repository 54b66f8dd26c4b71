"""What the manifest beside a written checkpoint says, held against what is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tf1compat.checkpoint.bundle.file_names import MANIFEST
from tf1compat.errors import CheckpointError, CorruptCheckpointError, VerificationError
from tf1compat.files.manifest import Manifest, TensorDigest, tensor_digest
from tf1compat.files.regular import open_regular

if TYPE_CHECKING:
    import numpy as np

    from tf1compat.checkpoint.entry import Entry

__all__ = ["unlike_written"]

_REMEDY = "if the checkpoint was written anew since by something else, remove the manifest"


def unlike_written(
    prefix: str, entries: Mapping[str, Entry], *, named: Mapping[str, str]
) -> Iterator[CheckpointError]:
    """Yields what of a checkpoint isn't what ``<prefix>.manifest.json`` says was written.

    Checksums tell damage; this also tells files that were swapped for others which are whole.
    Values that can't be read are left to whoever checks them.

    Args:
      prefix: of the checkpoint, whose manifest is there.
      entries: the checkpoint.
      named: what the manifest calls each entry, by its name here.
    """
    path = prefix + MANIFEST
    try:
        written = _read(path).by_name()
    except CheckpointError as error:
        yield error
        return
    for name, entry in entries.items():
        yield from _unlike(named[name], entry, written, path=path)
    yield from (_error(f"{left} was written, and isn't there", path, left) for left in written)


def _read(path: str) -> Manifest:
    with open_regular(path) as file:
        try:
            return Manifest.from_json(file.read(0, file.size).decode())
        except (VerificationError, UnicodeDecodeError) as error:
            raise file.corrupt(str(error), 0) from error


def _unlike(
    name: str, entry: Entry, written: dict[str, TensorDigest], *, path: str
) -> Iterator[CheckpointError]:
    """Yields what is wrong of one variable; takes out of `written` what belongs to it."""
    for index in entry.slices or (None,):
        label = name if index is None else _labelled(name, index)
        said = written.pop(label, None)
        if said is None:
            yield _error("it wasn't written, by the manifest", path, label)
            continue
        try:
            value = entry.read(index)
        except CheckpointError:
            continue
        found = _described(value, entry)
        if found != (said.shape, said.dtype, said.sha256):
            yield _error(
                f"expected {said.dtype} of shape {said.shape} and SHA-256 {said.sha256[:12]}..., "
                f"as written, found {found[1]} of shape {found[0]} and {found[2][:12]}...",
                path,
                label,
            )


def _described(value: np.ndarray, entry: Entry) -> tuple[tuple[int, ...], str, str]:
    return value.shape, entry.dtype_name, tensor_digest(value)


def _labelled(name: str, index: tuple[slice, ...]) -> str:
    return f"{name}[{', '.join(f'{one.start}:{one.stop}' for one in index)}]"


def _error(message: str, path: str, variable: str) -> CorruptCheckpointError:
    return CorruptCheckpointError(f"{message}; {_REMEDY}", file=path, variable=variable)
