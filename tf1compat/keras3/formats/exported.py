"""What a weights file holds, weight by weight, each with the digest it was written with."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

import numpy as np

from tf1compat.errors import (
    CheckpointError,
    CorruptCheckpointError,
    Problem,
    UnknownNameError,
    UsageError,
    VerificationError,
)
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.manifest import Manifest, TensorDigest
from tf1compat.files.telling import tell
from tf1compat.files.work_aside import WorkAside
from tf1compat.names import nearest_names
from tf1compat.registry import asked, briefly

__all__ = ["ArrayValue", "Exported", "ExportedArray", "StoredValue", "said_of"]

_DESCRIBED = ("shape", "dtype", "nbytes", "offset", "impossible", "read_bytes")


class StoredValue(Protocol):
    """One value where a file has it, as the file describes it: not to be trusted."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""

    @property
    def dtype(self) -> str:
        """Its dtype by name."""

    @property
    def nbytes(self) -> int:
        """Size of it in bytes."""

    @property
    def offset(self) -> int | None:
        """Where in the file its bytes begin; None where they aren't one piece."""

    def impossible(self) -> str:
        """Returns why the file can't hold such a value; "" if it can."""

    def read_bytes(self) -> np.ndarray:
        """Returns its bytes, little-endian in C order: uint8 [nbytes]."""


@dataclasses.dataclass(frozen=True)
class ArrayValue:
    """A value that another library decodes: for formats that are simply arrays.

    Attributes:
      shape: its dimensions.
      dtype: its dtype by name.
      read: returns it.
    """

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], np.ndarray]

    @property
    def nbytes(self) -> int:
        """Size of it in bytes."""
        return math.prod(self.shape) * numpy_dtype(self.dtype).itemsize

    @property
    def offset(self) -> int | None:
        """None: where its bytes lie isn't known."""
        return None

    def impossible(self) -> str:
        """Returns "": reading tells."""
        return ""

    def read_bytes(self) -> np.ndarray:
        """Returns its bytes, little-endian in C order: uint8 [nbytes]."""
        value = asked("its format", "read", call=self.read, fits=self._is_it, words=self._words())
        plain = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        return plain.reshape(-1).view(np.uint8)

    def _is_it(self, value: Any) -> bool:
        same = isinstance(value, np.ndarray) and value.dtype.newbyteorder("=").name == self.dtype
        return same and value.shape == tuple(self.shape)

    def _words(self) -> str:
        return f"an array of {self.dtype}{list(self.shape)}"


class ExportedArray:
    """One tensor of a weights file; its value is read when asked for.

    Attributes:
      path: the weight's path, or the tensor's name in the file where that has no manifest.
      shape: its dimensions.
      dtype: its dtype by name.
      dataset: the tensor's name in the file.
      sha256: digest it was written with; None where the file has no manifest.
    """

    def __init__(
        self,
        path: str,
        dataset: str,
        *,
        file: str,
        value: StoredValue | None,
        expected: TensorDigest | None,
    ) -> None:
        self.path = path
        self.dataset = dataset
        self.sha256 = expected.sha256 if expected else None
        self._file = file
        self._value = value
        self._expected = expected
        known = value if expected is None else expected
        self.shape: tuple[int, ...] = known.shape if known else ()
        self.dtype: str = known.dtype if known else ""
        self._sound = False

    @property
    def nbytes(self) -> int:
        """Size of the value in bytes."""
        return self._value.nbytes if self._value else 0

    def read(self) -> np.ndarray:
        """Returns the value, of this shape and dtype.

        Raises:
          CorruptCheckpointError: the file doesn't hold it, or other bytes than were written.
        """
        raw = self._read_bytes()
        self._require_written(raw)
        return raw.view(_known_dtype(self.dtype)).reshape(self.shape)

    def _read_bytes(self) -> np.ndarray:
        """Returns the bytes of the value that the file has, whatever was written: uint8 [nbytes].

        Raises:
          CorruptCheckpointError: the file doesn't hold a value of this shape and dtype.
        """
        value = self.require_held()
        size = math.prod(self.shape) * _known_dtype(self.dtype).itemsize
        raw: np.ndarray = asked(
            "its format",
            "read_bytes",
            call=value.read_bytes,
            fits=lambda found: isinstance(found, np.ndarray) and found.nbytes == size,
            words=f"{size} bytes",
            error=self._corrupt,
            passed=(CheckpointError, OSError, MemoryError),
        )
        return raw

    def _require_written(self, raw: np.ndarray) -> None:
        """Raises CorruptCheckpointError where bytes aren't those that were written."""
        if self.sha256 is not None and not self._sound:
            if hashlib.sha256(raw.data).hexdigest() != self.sha256:
                raise self._corrupt("its bytes aren't those that were written (SHA-256)")
            self._sound = True

    def require_held(self) -> StoredValue:
        """Returns where the file has the value, by what describes it: for formats.

        Raises:
          CorruptCheckpointError: it has none of this shape and dtype.
        """
        value, expected = self._value, self._expected
        if value is None:
            raise self._corrupt(f"dataset {self.dataset} is missing")
        if expected is not None:
            size = math.prod(expected.shape) * _known_dtype(expected.dtype).itemsize
            # Opaque to HDF5 are NumPy's newer types; Keras notes, and reads again, bfloat16 alone.
            newer = _known_dtype(expected.dtype).isbuiltin != 1 and expected.dtype != "bfloat16"
            opaque = value.dtype.startswith("void") and newer
            same_type = value.dtype == expected.dtype or opaque
            if value.shape != expected.shape or value.nbytes != size or not same_type:
                raise self._corrupt(
                    f"expected {expected.dtype} of shape {expected.shape}, found {value.dtype} "
                    f"of shape {value.shape}"
                )
        wrong = value.impossible()
        if wrong:
            raise self._corrupt(wrong)
        return value

    def _corrupt(self, what: str) -> CorruptCheckpointError:
        offset = self._value.offset if self._value else None
        return CorruptCheckpointError(what, file=self._file, variable=self.path, offset=offset)


class Exported(Mapping[str, ExportedArray]):
    """The tensors of a weights file by path.

    Attributes:
      path: of the file.
      has_manifest: whether each tensor has a digest.
      manifest: what the file says was written; not to be trusted. None where it says nothing.
      notes: what else the manifest says, values of JSON by key; not to be trusted.
      unchecked: what can't be told of the file, as it has no digest of it: a sentence each.
    """

    def __init__(
        self,
        path: str,
        values: Mapping[str, StoredValue],
        *,
        manifest: Manifest | None,
        named: Mapping[str, str] | None = None,
        members: Callable[[], list[Problem]] = list,
        misplaced: Callable[[], list[Problem]] = list,
    ) -> None:
        """Describes an open file: for formats.

        Args:
          path: of the file.
          values: what it holds, by the names it has there.
          manifest: what was written; None where the file doesn't say.
          named: by each weight's path, the name of its value. By default paths are the names.
          members: returns what else of the file is damaged.
          misplaced: returns the weights that a loader would look for elsewhere in the file.
        """
        for name, value in values.items():
            if not all(hasattr(value, attribute) for attribute in _DESCRIBED):
                raise UsageError(
                    f"{path}: expected values that say where they are ({', '.join(_DESCRIBED)}), "
                    f"such as ArrayValue, found {briefly(value)} for {briefly(name)}"
                )
        self.path = path
        self.has_manifest = manifest is not None
        self.manifest = manifest
        self.notes: Mapping[str, Any] = manifest.notes if manifest else {}
        self.unchecked = _unchecked(manifest)
        self._members = members
        self._misplaced = misplaced
        expected = manifest.by_name() if manifest else {}
        if named is None:
            named = {name: name for name in (values if manifest is None else expected)}
        self._arrays = {
            weight: ExportedArray(
                weight, name, file=path, value=values.get(name), expected=expected.get(weight)
            )
            for weight, name in named.items()
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

    def damage(self, progress: Callable[[str, int], object] | None = None) -> list[Problem]:
        """Returns one problem for each tensor that isn't what was written, and for each member.

        Every tensor is read and hashed, one at a time. Without a manifest only what contradicts
        itself is found.

        Args:
          progress: called with each tensor's path and its bytes once it was read.
        """
        with WorkAside() as aside:
            looked = {
                path: _damage_of(array, aside, progress) for path, array in self._arrays.items()
            }
        problems = [
            Problem(path, "the bytes that were written", text, self.path)
            for path, found in looked.items()
            if (text := found.result()) is not None
        ]
        return problems + self._damaged_members()

    def _damaged_members(self) -> list[Problem]:
        try:
            return self._members()
        except (OSError, CheckpointError) as error:  # of the disk
            found = f"a part that can't be read ({getattr(error, 'strerror', None) or error})"
            return [Problem(self.path, "all of the file", found)]

    def misplaced(self) -> list[Problem]:
        """Returns one problem for each weight that the model loads from elsewhere than this says.

        Of a file that was opened without a model, nothing is known.

        Raises:
          ModelError: Keras can't save the model, so that nobody knows what it loads.
        """
        return self._misplaced()


def _damage_of(
    array: ExportedArray, aside: WorkAside, progress: Callable[[str, int], object] | None
) -> Future[str | None]:
    """Reads a tensor; what is wrong with it, or None, may still be under way."""
    aside.make_room()
    try:
        raw = array._read_bytes()
    except Exception as error:  # a CheckpointError, or whatever damage makes h5py raise
        text = _text_of(error)
        return aside.take(0, lambda: text)
    tell(raw.nbytes)
    if progress is not None:
        progress(array.path, raw.nbytes)
    return aside.take(raw.nbytes, lambda: _unlike_written(array, raw))


def _unlike_written(array: ExportedArray, raw: np.ndarray) -> str | None:
    try:
        array._require_written(raw)
    except CorruptCheckpointError as error:
        return _text_of(error)
    return None


def _text_of(error: Exception) -> str:
    return str(getattr(error, "message", error))


def _unchecked(manifest: Manifest | None) -> tuple[str, ...]:
    if manifest is None:
        return ("it has no manifest, so nothing tells whether it is as it was written",)
    if not manifest.parts:
        return (
            "its manifest has digests of the weights alone, so nothing tells whether what else it "
            "holds is as it was written",
        )
    return ()


def said_of(exported: Exported, path: str) -> str:
    """Returns what a file says of a weight's tensor, dtype and shape, or what is wrong with it.

    Only what describes the tensor is read.
    """
    if path not in exported:
        return "nothing"
    array = exported[path]
    try:
        array.require_held()
    except CorruptCheckpointError as error:
        return error.message
    return f"{array.dtype}{list(array.shape)}"


def _known_dtype(name: str) -> np.dtype:
    try:
        return numpy_dtype(name)
    except UsageError as error:
        raise VerificationError(f"dtype {name!r} isn't one that weights have") from error
