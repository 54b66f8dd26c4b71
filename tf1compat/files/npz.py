"""Files of ``np.savez``, read within a budget: nothing in one is executed, or taken at its word."""

from __future__ import annotations

import math
import os
import zipfile
from typing import IO, TYPE_CHECKING

from tf1compat.errors import BudgetError, UsageError
from tf1compat.files.regular import special_kind
from tf1compat.files.zip_files import open_archive

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SUFFIX", "array_in", "header_in", "read_npz"]

SUFFIX = ".npy"
"""Of the members that are arrays, behind their names."""
_STEP = 1 << 20  # bytes


def read_npz(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Returns the arrays of an ``.npz`` file by name, compressed or not.

    Raises:
      UsageError: it is no such file, is damaged, or holds Python objects.
      BudgetError: it unpacks to far more than its size warrants.
    """
    place = os.fspath(path)
    if kind := special_kind(place):
        raise UsageError(f"{place}: expected an .npz file, found {kind}")
    found = ""
    try:
        with open_archive(place) as archive:
            arrays = {}
            for item in archive.infolist():
                found = f"in {item.filename!r}: "
                name = item.filename.removesuffix(SUFFIX)
                if name in arrays:
                    raise ValueError("a second array of this name")
                arrays[name] = array_in(archive, item)
            return arrays
    except BudgetError:
        raise
    except Exception as error:  # damage makes zipfile, zlib and numpy raise nearly anything
        said = str(error).removeprefix(f"{place}: ") or type(error).__name__
        raise UsageError(f"{place}: expected an .npz file, found {found}{said}") from error


def array_in(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> np.ndarray:
    """Returns the array that a member of an open archive is.

    Raises:
      Exception: whatever a damaged member makes zipfile, zlib and numpy raise; ValueError where it
        holds Python objects, or another number of bytes than its shape takes.
    """
    import numpy as np

    with archive.open(item) as member:
        shape, in_columns, dtype = header_in(member)
        if dtype.hasobject or not dtype.itemsize:
            raise ValueError(f"elements of {dtype}, expected numbers or texts of a fixed length")
        size = math.prod(shape) * dtype.itemsize
        if size > item.file_size:
            raise ValueError(f"{size:,} bytes claimed, {item.file_size:,} there")
        raw = np.empty(size, np.uint8)
        for start in range(0, size, _STEP):
            _fill(raw.data[start : start + _STEP], member)
        if member.read(1):  # which also has zipfile look at the CRC-32
            raise ValueError("more bytes than its shape takes")
    return np.ndarray(shape, dtype, raw.data, order="F" if in_columns else "C")


def header_in(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Returns shape, order (whether by columns) and dtype as an ``.npy`` file's header has them.

    Raises:
      Exception: whatever damage makes numpy raise.
    """
    from numpy.lib import format as npy

    version = npy.read_magic(member)
    if version == (1, 0):
        shape, in_columns, dtype = npy.read_array_header_1_0(member)
    elif version == (2, 0):
        shape, in_columns, dtype = npy.read_array_header_2_0(member)
    else:
        raise ValueError(f"version {version} of the format, expected 1.0 or 2.0")
    if any(type(size) is not int or size < 0 for size in shape):
        raise ValueError(f"the shape {shape}")
    return shape, in_columns, dtype


def _fill(view: memoryview, member: IO[bytes]) -> None:
    done = 0
    while done < len(view):
        data = member.read(len(view) - done)
        if not data:
            raise ValueError("the end of the data within the array")
        view[done : done + len(data)] = data
        done += len(data)
