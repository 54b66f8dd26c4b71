"""What a weights file holds, weight by weight, each with the digest it was written with."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import h5py
import numpy as np

from tf1compat.errors import (
    CorruptCheckpointError,
    Problem,
    UnknownNameError,
    VerificationError,
)
from tf1compat.files.manifest import TensorDigest
from tf1compat.keras3.formats._h5_source import Extent, Source, open_source
from tf1compat.keras3.formats._h5_space import find_marks
from tf1compat.keras3.formats._skeleton import keras_dtype, save_skeleton
from tf1compat.keras3.index.model_index import ModelIndex, index_model
from tf1compat.names import nearest_names

__all__ = ["Exported", "ExportedArray", "read_exported"]


class ExportedArray:
    """One tensor of a weights file; its value is read when asked for.

    Attributes:
      path: the weight's path, or the dataset's name where the file has no manifest.
      shape: its dimensions.
      dtype: its dtype by name.
      dataset: name of the HDF5 dataset that holds it.
      sha256: digest it was written with; None where the file has no manifest.
    """

    def __init__(
        self, path: str, dataset: str, *, source: Source, expected: TensorDigest | None
    ) -> None:
        self.path = path
        self.dataset = dataset
        self.sha256 = expected.sha256 if expected else None
        self._source = source
        self._expected = expected
        self._extent = source.extents.get(dataset)
        known = expected or self._extent
        self.shape: tuple[int, ...] = known.shape if known else ()
        self.dtype: str = known.dtype if known else ""
        self._sound = False

    @property
    def nbytes(self) -> int:
        """Size of the value in bytes."""
        return self._extent.nbytes if self._extent else 0

    def read(self) -> np.ndarray:
        """Returns the value, of this shape and dtype.

        Raises:
          CorruptCheckpointError: the file doesn't hold it, or other bytes than were written.
        """
        extent = self._require_extent()
        raw = self._source.read_bytes(extent, self.dataset)
        if self.sha256 is not None and not self._sound:
            if hashlib.sha256(raw.data).hexdigest() != self.sha256:
                raise self._corrupt("its bytes aren't those that were written (SHA-256)")
            self._sound = True
        return raw.view(_numpy_dtype(self.dtype)).reshape(self.shape)

    def _require_extent(self) -> Extent:
        extent, expected = self._extent, self._expected
        if extent is None:
            raise self._corrupt(f"dataset {self.dataset} is missing")
        if expected is not None:
            itemsize = _numpy_dtype(expected.dtype).itemsize
            size = int(np.prod(expected.shape, dtype=object)) * itemsize
            same_type = extent.dtype == expected.dtype or extent.dtype.startswith("void")
            if extent.shape != expected.shape or extent.nbytes != size or not same_type:
                raise self._corrupt(
                    f"expected {expected.dtype} of shape {expected.shape}, found {extent.dtype} "
                    f"of shape {extent.shape}"
                )
        if extent.nbytes > os.fstat(self._source.handle.fileno()).st_size and (
            extent.offset is not None
        ):
            raise self._corrupt(f"it claims {extent.nbytes} bytes, more than the file has")
        return extent

    def _corrupt(self, what: str) -> CorruptCheckpointError:
        offset = self._extent.offset if self._extent else None
        return CorruptCheckpointError(
            what, file=self._source.path, variable=self.path, offset=offset
        )


class Exported(Mapping[str, ExportedArray]):
    """The tensors of a weights file by path.

    Attributes:
      path: of the file.
      has_manifest: whether each tensor has a digest.
    """

    def __init__(self, source: Source, datasets: Mapping[str, str]) -> None:
        self.path = source.path
        self.has_manifest = source.inventory is not None
        self._source = source
        expected = source.inventory[0].by_name() if source.inventory else {}
        self._arrays = {
            path: ExportedArray(path, dataset, source=source, expected=expected.get(path))
            for path, dataset in datasets.items()
        }

    def __getitem__(self, path: str) -> ExportedArray:
        try:
            return self._arrays[path]
        except KeyError:
            near = ", ".join(nearest_names(path, self._arrays)) or "none"
            raise UnknownNameError(
                f"{path}: {self.path} holds no weight of this path; nearest: {near}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def damage(self) -> list[Problem]:
        """Returns one problem for each tensor that isn't what was written, and for each member.

        Every tensor is read and hashed, one at a time. Without a manifest only what contradicts
        itself is found.
        """
        problems = []
        for array in self._arrays.values():
            try:
                array.read()
            except Exception as error:  # a CheckpointError, or whatever damage makes h5py raise
                text = getattr(error, "message", str(error))
                problems.append(Problem(array.path, "the bytes that were written", text, self.path))
        return problems + _damaged_members(self.path)


def read_exported(path: str | os.PathLike[str], model: Any = None) -> Exported:
    """Returns the tensors of a ``.weights.h5`` or ``.keras`` file.

    Args:
      path: a file that this package wrote, or Keras.
      model: a built model or its index; where the file has no manifest, it tells which dataset
        holds which weight. Without it, tensors go by the names of their datasets then.

    Raises:
      OutputError: the file is missing or can't be read at all.
      VerificationError: its manifest is damaged.
      ModelError: `model` isn't built.
    """
    source = open_source(os.fspath(path))
    if source.inventory is not None:
        return Exported(source, source.inventory[1])
    if model is None:
        return Exported(source, {name: name for name in source.extents})
    return Exported(source, _datasets_of(index_model(model)))


def _datasets_of(index: ModelIndex) -> dict[str, str]:
    """Returns for each weight the name of the dataset in which Keras would save it."""
    with tempfile.TemporaryDirectory() as scratch:
        skeleton = os.path.join(scratch, "model.weights.h5")
        weights = save_skeleton(index, skeleton)
        with h5py.File(skeleton, "r") as file:
            marks = find_marks(file)
    return {weight.path: marks[number][0] for number, weight in enumerate(weights)}


def _damaged_members(path: str) -> list[Problem]:
    """Returns the members of a ``.keras`` file whose own checksum fails."""
    if not path.endswith(".keras"):
        return []
    problems = []
    with zipfile.ZipFile(path) as archive:
        for item in archive.infolist():
            try:
                with archive.open(item) as member:
                    while member.read(1 << 20):
                        pass
            except Exception as error:  # zipfile, zlib and the decoders each have their own
                problems.append(Problem(item.filename, "its CRC-32", str(error), path))
    return problems


def _numpy_dtype(name: str) -> np.dtype:
    try:
        return keras_dtype(name)
    except (TypeError, AttributeError) as error:
        raise VerificationError(f"dtype {name!r} isn't one that weights have") from error
