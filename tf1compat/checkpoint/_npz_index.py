"""What an ``.npz`` file holds: a variable for each member, read when it is asked for."""

from __future__ import annotations

import contextlib
import functools
import math
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tf1compat.checkpoint._array_index import ArrayIndex, StoredArray
from tf1compat.checkpoint.foreign.looking import ZIP, recognise
from tf1compat.checkpoint.stored_types import StoredType, stored_type_of
from tf1compat.errors import (
    CheckpointError,
    CorruptCheckpointError,
    UnsupportedCheckpointError,
)
from tf1compat.files.npz import SUFFIX, array_in, header_in
from tf1compat.files.positioned import RegularFile
from tf1compat.files.regular import SeenFile, open_regular
from tf1compat.files.zip_files import archive_in

if TYPE_CHECKING:
    import numpy as np

__all__ = ["npz_index"]

_BEGIN = b"PK"


def npz_index(prefix: str) -> ArrayIndex:
    """Reads the list of arrays and the header of each; errors as for opening a source format."""
    member = ""
    try:
        with open_regular(prefix) as file, _archive(file) as archive:
            if file.peek(2) != _BEGIN:  # zipfile looks at the end alone, numpy doesn't
                raise ValueError("something before the archive")
            seen = SeenFile(prefix, file.identity)
            arrays = {}
            for item in _members(prefix, archive):
                member = item.filename
                name = item.filename.removesuffix(SUFFIX)
                arrays[name] = _stored(archive, item, seen)
            return ArrayIndex([prefix], arrays)
    except CheckpointError:
        raise
    except Exception as error:  # damage makes zipfile, zlib and numpy raise nearly anything
        other = recognise(prefix)
        if other is not None and other.key != ZIP:
            raise UnsupportedCheckpointError(
                f"{prefix}: expected an .npz file, found {other.what}; {other.remedy}"
            ) from error
        found = f"in {member!r}: {_said(error)}" if member else _said(error)
        raise CorruptCheckpointError(
            f"expected an .npz file, found {found}; fetch it again", file=prefix
        ) from error


@contextlib.contextmanager
def _archive(file: RegularFile) -> Iterator[zipfile.ZipFile]:
    """Opens the archive that a file is; what it is instead is said as an error's `found`."""
    if not file.size:
        raise ValueError("an empty file")
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(archive_in(file))
        except zipfile.BadZipFile as error:
            raise ValueError(f"no sound zip archive ({_said(error)})") from error
        yield archive


def _members(prefix: str, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Returns the members, each of which is an array."""
    items = archive.infolist()
    if not items:  # whole, as far as it can be told: numpy.savez writes such of no arrays
        raise UnsupportedCheckpointError(
            f"{prefix}: expected an .npz file of one array or more, found one of none; see what "
            "wrote it"
        )
    for item in items:
        if not item.filename.endswith(SUFFIX):
            raise ValueError(f"{item.filename!r}, which is no array")
        item.filename.encode()
    return items


def _stored(archive: zipfile.ZipFile, item: zipfile.ZipInfo, seen: SeenFile) -> StoredArray:
    with archive.open(item) as member:
        shape, _, dtype = header_in(member)
    name = item.filename.removesuffix(SUFFIX)
    size = math.prod(shape) * dtype.itemsize
    return StoredArray(_type(dtype), shape, functools.partial(_read, seen, name), size)


def _type(dtype: np.dtype) -> StoredType:
    """Returns TensorFlow's dtype of an array's; one without a number where there is none."""
    try:
        if dtype.kind != "O":  # of Python objects; of our own they are strings
            return stored_type_of(dtype)
    except UnsupportedCheckpointError:
        pass
    return StoredType(0, str(dtype), 0)


def _read(seen: SeenFile, name: str) -> np.ndarray:
    """Returns an array, its CRC-32 compared."""
    with seen.opened(variable=name) as file, archive_in(file) as archive:
        item = archive.getinfo(name + SUFFIX)
        try:
            return array_in(archive, item)
        except Exception as error:
            raise CorruptCheckpointError(
                f"expected a sound array, found {_said(error)}",
                file=seen.path,
                variable=name,
                offset=item.header_offset,
            ) from error


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
