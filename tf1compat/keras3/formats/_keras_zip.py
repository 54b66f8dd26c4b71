"""``.keras`` files: Keras' own members, the weights streamed into their place; and read back."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Sequence
from typing import IO

from tf1compat.errors import Problem
from tf1compat.files.manifest import Manifest
from tf1compat.files.positioned import Descriptor
from tf1compat.files.scratch import scratch_folder, tidied
from tf1compat.files.staging import staged_file
from tf1compat.files.zip_files import member_bytes, open_archive
from tf1compat.keras3.formats.exported import Exported
from tf1compat.keras3.formats.hdf5.disk_errors import naming_scratch
from tf1compat.keras3.formats.hdf5.in_archive import open_weights, read_through
from tf1compat.keras3.formats.hdf5.inventory import (
    STRUCTURE,
    into_metadata,
    others_digest,
)
from tf1compat.keras3.formats.hdf5.model_names import misplaced_in, named_values
from tf1compat.keras3.formats.hdf5.sealing import unwritten_digest
from tf1compat.keras3.formats.hdf5.skeleton import save_skeleton
from tf1compat.keras3.formats.hdf5.source import Source
from tf1compat.keras3.formats.hdf5.space import reserve
from tf1compat.keras3.formats.hdf5.weights_file import damaged_structure
from tf1compat.keras3.formats.hdf5.writing import stream_values
from tf1compat.keras3.formats.weight_values import ReadWeight, manifest_of, optimizer_of
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.weights import Weight
from tf1compat.keras3.models.keras_members import METADATA_MEMBER, SUFFIX, WEIGHTS_MEMBER

__all__ = ["read_keras_file", "write_keras_file"]

_WINDOW = 1 << 20


def write_keras_file(index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
    """Writes a file; see :func:`~tf1compat.keras3.export_weights`."""
    with staged_file(path) as staged, scratch_folder() as scratch:
        skeleton = os.path.join(scratch, f"model{SUFFIX}")
        with naming_scratch(skeleton), tidied():
            weights = save_skeleton(
                index, lambda model: model.save(skeleton), optimizer=optimizer_of(read)
            )
        return _fill(staged, skeleton, weights, read=read)


def _fill(path: str, skeleton: str, weights: Sequence[Weight], *, read: ReadWeight) -> Manifest:
    """Writes to `path` what Keras saved to `skeleton`, with values in place of the marks.

    Args:
      path: the file to write.
      skeleton: a ``.keras`` file with marks; scratch files are made beside it.
      weights: what the marks' numbers mean.
      read: gives the values.
    """
    marks, scratch = f"{skeleton}.marks.h5", f"{skeleton}.weights.h5"
    with zipfile.ZipFile(skeleton) as given, zipfile.ZipFile(path, "w") as made:
        metadata = given.read(METADATA_MEMBER)
        parts = {METADATA_MEMBER: others_digest(metadata)}
        for item in given.infolist():
            if item.filename not in (WEIGHTS_MEMBER, METADATA_MEMBER):
                data = given.read(item)
                parts[item.filename] = hashlib.sha256(data).hexdigest()
                made.writestr(item, data)
        with naming_scratch(marks):
            with given.open(WEIGHTS_MEMBER) as marked, open(marks, "wb") as copy:
                shutil.copyfileobj(marked, copy)
            places = reserve(marks, scratch, weights)
        with made.open(WEIGHTS_MEMBER, "w", force_zip64=True) as member, open(scratch, "rb") as h5:
            parts[STRUCTURE] = unwritten_digest(Descriptor(h5), places)
            sink = _Sink(h5, member)
            manifest = manifest_of(stream_values(places, read, sink.put), read, parts)
            sink.finish()
        made.writestr(METADATA_MEMBER, into_metadata(metadata, manifest, places))
    return manifest


class _Sink:
    """Writes a file from front to back: values where they belong, a given file's bytes between."""

    def __init__(self, between: IO[bytes], target: IO[bytes]) -> None:
        self._between = between
        self._target = target
        self._at = 0

    def put(self, offset: int, data: memoryview) -> None:
        """Writes `data` at `offset`, which lies past everything written so far."""
        self._copy(offset - self._at)
        self._target.write(data)
        self._at += len(data)

    def finish(self) -> None:
        """Writes what is left of the given file."""
        self._copy(os.fstat(self._between.fileno()).st_size - self._at)

    def _copy(self, count: int) -> None:
        if count > 0:
            self._between.seek(self._at)
            self._at += count
        while count > 0:
            data = self._between.read(min(count, 1 << 20))
            if not data:
                raise OSError("the scratch file ended early")
            self._target.write(data)
            count -= len(data)


def read_keras_file(path: str, index: ModelIndex | None) -> Exported:
    """Opens a file; see :func:`~tf1compat.keras3.read_exported`."""
    source = open_weights(path)
    return Exported(
        path,
        source.values(),
        manifest=source.manifest,
        named=named_values(source, index),
        members=lambda: _damaged_members(path, source),
        misplaced=misplaced_in(source, index),
    )


def _damaged_members(path: str, source: Source) -> list[Problem]:
    """Returns the members whose own checksum fails, or that aren't those that were written."""
    written = dict(source.manifest.parts) if source.manifest else {}
    structure = {WEIGHTS_MEMBER} if STRUCTURE in written else set()
    expected = {*written} - {STRUCTURE} | structure
    problems, seen = [], set()
    with open_archive(path) as archive:
        for item in archive.infolist():
            name = item.filename
            seen.add(name)
            try:
                found = _digest_of(archive, item)
            except Exception as error:  # zipfile, zlib and the decoders each have their own
                problems.append(Problem(name, "its CRC-32", str(error), path))
                continue
            if written and name not in expected:
                problems.append(Problem(name, "no such member", "one that wasn't written", path))
            elif name in written and written[name] != found:
                problems.append(Problem(name, "what was written", "other contents (SHA-256)", path))
    missing = [Problem(name, "a member of the file", "none", path) for name in expected - seen]
    return problems + missing + damaged_structure(source, WEIGHTS_MEMBER)


def _digest_of(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> str:
    """Returns the digest of a member, its checksum checked; "" for the weights, read elsewhere."""
    if item.filename == METADATA_MEMBER:
        return others_digest(member_bytes(archive, item.filename))
    if item.filename == WEIGHTS_MEMBER:
        read_through(archive, item)
        return ""
    digest = hashlib.sha256()
    with archive.open(item) as member:
        while data := member.read(_WINDOW):
            digest.update(data)
    return digest.hexdigest()
