"""``.keras`` files: Keras' own members, the weights streamed into their place."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Sequence
from typing import IO

from tf1compat.files.manifest import Manifest
from tf1compat.keras3.formats._h5_manifest import into_metadata
from tf1compat.keras3.formats._h5_space import reserve
from tf1compat.keras3.formats._writing import ReadWeight, stream_values
from tf1compat.keras3.index.weights import Weight

__all__ = ["METADATA_MEMBER", "WEIGHTS_MEMBER", "write_keras_file"]

WEIGHTS_MEMBER = "model.weights.h5"
METADATA_MEMBER = "metadata.json"


def write_keras_file(
    path: str, skeleton: str, weights: Sequence[Weight], *, read: ReadWeight
) -> Manifest:
    """Writes to `path` what Keras saved to `skeleton`, with values in place of the marks.

    Args:
      path: the file to write.
      skeleton: a ``.keras`` file with marks; scratch files are made beside it.
      weights: what the marks' numbers mean.
      read: gives the values.
    """
    marks, scratch = f"{skeleton}.marks.h5", f"{skeleton}.weights.h5"
    with zipfile.ZipFile(skeleton) as given, zipfile.ZipFile(path, "w") as made:
        for item in given.infolist():
            if item.filename not in (WEIGHTS_MEMBER, METADATA_MEMBER):
                made.writestr(item, given.read(item))
        with given.open(WEIGHTS_MEMBER) as marked, open(marks, "wb") as copy:
            shutil.copyfileobj(marked, copy)
        places = reserve(marks, scratch, weights)
        with made.open(WEIGHTS_MEMBER, "w", force_zip64=True) as member, open(scratch, "rb") as h5:
            sink = _Sink(h5, member)
            manifest = Manifest(tuple(stream_values(places, read, sink.put)))
            sink.finish()
        made.writestr(METADATA_MEMBER, into_metadata(given.read(METADATA_MEMBER), manifest, places))
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
