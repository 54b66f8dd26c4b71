"""Keras' files as checkpoints: ``.h5`` of all versions, ``.weights.h5`` and ``.keras``.

They are added to the formats of checkpoints once :mod:`tf1compat.keras3` is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tf1compat.checkpoint import SOURCE_FORMATS, ArrayIndex, OneFile, StoredArray, stored_type_of
from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.errors import (
    BudgetError,
    CheckpointError,
    CorruptCheckpointError,
    OutputError,
    UnsupportedCheckpointError,
    VerificationError,
)
from tf1compat.files.manifest import TensorDigest
from tf1compat.files.regular import RegularFile, open_regular

if TYPE_CHECKING:
    from tf1compat.keras3.formats.hdf5.source import Source

__all__ = ["KerasArchiveSource", "KerasHdf5Source", "KerasIndex"]


_UNREADABLE = "can't be read as a Keras weights file: "


class KerasHdf5Source(OneFile):
    """``.h5`` or ``.hdf5``: weights, or a whole model, of Keras 1 to 3."""

    name = "Keras HDF5"
    suffix = ".h5"
    also = (".hdf5",)
    summary = "an .h5 file of Keras, of whatever version; digests in those that this package wrote"

    def open(self, prefix: str) -> KerasIndex:
        """Reads what its headers say; neither Keras nor TensorFlow is imported."""
        _require_h5py(prefix)
        from tf1compat.keras3.formats.hdf5.source import source_in

        return _opened(prefix, source_in)


class KerasArchiveSource(OneFile):
    """``.keras``: the weights of a whole model of Keras 3."""

    name = "Keras archive"
    suffix = ".keras"
    summary = "a .keras file of Keras 2.12 and later, its weights alone"

    def open(self, prefix: str) -> KerasIndex:
        """Reads what the headers of its weights say."""
        _require_h5py(prefix)
        from tf1compat.keras3.formats.hdf5.in_archive import config_in, weights_in

        return _opened(prefix, weights_in, config_in)


class KerasIndex(ArrayIndex):
    """The weights of a file, which of them are none, and what else they are called."""

    def __init__(
        self,
        path: str,
        arrays: Mapping[str, StoredArray],
        kinds: Mapping[str, str],
        others: Mapping[str, str],
    ) -> None:
        super().__init__([path], arrays)
        self._kinds = kinds
        self._others = others

    def other_names(self) -> Mapping[str, str]:
        """Returns the names of variables by the paths that Keras counts them by."""
        return self._others

    def kinds(self) -> Mapping[str, str]:
        """Returns the kinds of the variables of optimizers and metrics, by their names."""
        return self._kinds


def _require_h5py(path: str) -> None:
    """Raises UnsupportedCheckpointError where what reads HDF5 isn't installed."""
    try:
        import h5py  # noqa: F401
    except ImportError as error:
        raise UnsupportedCheckpointError(
            f"{path}: reading it needs h5py, which can't be imported ({error}); pip install h5py"
        ) from error


def _opened(
    path: str,
    read: Callable[[RegularFile], Source],
    configured: Callable[[RegularFile], Any] = lambda file: None,
) -> KerasIndex:
    try:
        with open_regular(path) as file:
            return _index(read(file), configured(file))
    except CheckpointError as error:
        if isinstance(error, (BudgetError, CorruptCheckpointError)):
            raise
        raise UnsupportedCheckpointError(str(error)) from error
    except (OutputError, VerificationError, ValueError) as error:
        said = str(error).removeprefix(f"{path}: ").removeprefix(_UNREADABLE)
        raise CorruptCheckpointError(
            f"expected a file of Keras' weights, found: {said}; fetch it again", file=path
        ) from error


def _index(source: Source, config: Any) -> KerasIndex:
    from tf1compat.keras3.formats._h5_names import kind_of
    from tf1compat.keras3.formats.exported import ExportedArray

    values = source.values()
    written: dict[str, TensorDigest] = {}
    names: Mapping[str, str]
    if source.inventory is not None:
        manifest, names = source.inventory
        written = {one.name: one for one in manifest.tensors}
    else:
        names = _names(source, config)
    if not names:
        raise ValueError("it holds no weights")
    arrays = {}
    for name, dataset in names.items():
        array = ExportedArray(
            name,
            dataset,
            file=source.path,
            value=values.get(dataset),
            expected=written.get(name),
        )
        arrays[name] = StoredArray(_type(array.dtype), array.shape, array.read, array.nbytes)
    kinds = {name: kind for name, dataset in names.items() if (kind := kind_of(dataset))}
    counted = {} if source.inventory else {v: k for k, v in names.items() if k != v}
    return KerasIndex(source.path, arrays, kinds, counted)


def _names(source: Source, config: Any) -> dict[str, str]:
    """Returns the datasets of a file without a manifest, by the names of their variables."""
    from tf1compat.keras3.formats._h5_names import legacy_names
    from tf1compat.keras3.formats._readable_names import noted_names, readable_names
    from tf1compat.keras3.formats.hdf5.source import explained, h5_file

    with explained(source.path), h5_file(source.handle, source.start) as file:
        legacy = legacy_names(file, source.extents)
        if legacy:
            return dict(legacy)
        noted = noted_names(file, source.extents)
    shapes = {name: extent.shape for name, extent in source.extents.items()}
    names = readable_names(shapes, noted, config)
    return {name: dataset for dataset, name in names.items()}


def _type(dtype: str) -> StoredType:
    try:
        return stored_type_of(dtype)
    except UnsupportedCheckpointError:
        return StoredType(0, dtype, 0)


for _one in (KerasHdf5Source(), KerasArchiveSource()):
    SOURCE_FORMATS.add(_one)
