"""The HDF5 file of weights within a ``.keras`` file, read without Keras."""

from __future__ import annotations

import tempfile
import zipfile
from typing import Any

from tf1compat.files.json_text import parse_json
from tf1compat.files.positioned import Descriptor, Positions
from tf1compat.files.regular import RegularFile, open_regular
from tf1compat.files.zip_files import archive_in, member_bytes
from tf1compat.keras3.formats.hdf5.inventory import from_metadata
from tf1compat.keras3.formats.hdf5.source import Source, explained, source_at
from tf1compat.keras3.models.keras_members import (
    CONFIG_MEMBER,
    METADATA_MEMBER,
    WEIGHTS_MEMBER,
)

__all__ = ["config_in", "open_weights", "read_through", "weights_in"]

_LOCAL_HEADER = 30  # bytes of a zip member's header before its name
_WINDOW = 1 << 20


def open_weights(path: str) -> Source:
    """Opens the HDF5 file within a file.

    A member that isn't compressed, and Keras compresses none, is read where it lies: the zip's
    own reader would hash all that was skipped over.
    """
    with explained(path), open_regular(path) as file:
        return weights_in(file)


def weights_in(file: RegularFile) -> Source:
    """Opens the HDF5 file within a file that is open already; as :func:`open_weights`."""
    path = file.path
    with explained(path), archive_in(file) as archive:
        member = archive.getinfo(WEIGHTS_MEMBER)
        named = METADATA_MEMBER in archive.namelist()
        metadata = member_bytes(archive, METADATA_MEMBER) if named else b"{}"
        inventory = from_metadata(metadata, path=path)
        if member.compress_type != zipfile.ZIP_STORED:
            return source_at(path, _extracted(archive, member), 0, inventory=inventory)
        if inventory is None:  # no digests: the zip's own checksum is all there is
            read_through(archive, member)
        header = file.read(member.header_offset, _LOCAL_HEADER)
        # the local header's own lengths: the directory's, at the end, may be of other extra fields
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        start = member.header_offset + _LOCAL_HEADER + lengths
        size = member.file_size
        return source_at(path, file.duplicate(), start, inventory=inventory, size=size)


def config_in(file: RegularFile) -> Any:
    """Returns the configuration of the whole model of an open file; None if it has none."""
    with explained(file.path), archive_in(file) as archive:
        if CONFIG_MEMBER not in archive.namelist():
            return None
        text = member_bytes(archive, CONFIG_MEMBER)
        # Keras writes infinite settings as Python does
        return parse_json(text, file=f"{file.path}, {CONFIG_MEMBER}", constant=float)


def _extracted(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Positions:
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the source keeps it open
    with archive.open(member) as packed:
        while data := packed.read(1 << 20):
            copy.write(data)
    copy.flush()
    return Descriptor(copy)


def read_through(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> None:
    """Has zipfile check a member's checksum, as it does for whoever reads to its end."""
    with archive.open(item) as member:
        while member.read(_WINDOW):
            pass
