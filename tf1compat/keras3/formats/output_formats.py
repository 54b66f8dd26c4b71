"""What models can be written to and compared with: each format is one object, all of them here.

To add one, give :data:`OUTPUT_FORMATS` an object with the methods of :class:`OutputFormat`. It is
known by its suffix then: to ``export_weights``, ``read_exported``, ``load_model``, ``convert`` and
``verify``, and to the apps and their help. What it needs it declares, and is refused where that is
missing before any work: ``library``, a :class:`Library`, and ``backend``, a :class:`Backend`.
Nothing here imports Keras, TensorFlow or h5py before a format is used, so that flags and help don't
wait for them.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from tf1compat.errors import ModelError, OutputError, Tf1CompatError, UsageError
from tf1compat.files.folders import format_within
from tf1compat.files.staging import destination
from tf1compat.keras3.formats._keras_archive import KerasArchive
from tf1compat.keras3.formats._object_checkpoint_format import ObjectCheckpoint
from tf1compat.keras3.formats._orbax_format import Orbax
from tf1compat.keras3.formats._safetensors_file import SafetensorsFile
from tf1compat.keras3.formats._safetensors_folder import SafetensorsFolder
from tf1compat.keras3.formats._saved_model_format import SavedModel
from tf1compat.keras3.formats._tflite_format import Tflite
from tf1compat.keras3.formats._weights_h5 import WeightsH5
from tf1compat.keras3.formats.libraries import Backend, Library
from tf1compat.registry import PASSED, Registry, asked, is_a

if TYPE_CHECKING:
    from tf1compat.files.manifest import Manifest
    from tf1compat.keras3.formats.exported import Exported
    from tf1compat.keras3.formats.weight_values import ReadWeight
    from tf1compat.keras3.index.model_index import ModelIndex

__all__ = [
    "OUTPUT_FORMATS",
    "OutputFormat",
    "ask",
    "computing_format",
    "described_model",
    "holds_optimizer",
    "is_folder",
    "model_format",
    "opened",
    "output_format",
    "read_back",
    "read_program",
    "reading_format",
    "require_backend",
    "require_library",
    "suffixes",
]


Holds = Literal["weights", "model", "program"]


class OutputFormat(Protocol):
    """One format of files (or directories) that hold a model's weights, or the whole model."""

    @property
    def name(self) -> str:
        """What it goes by."""

    @property
    def suffix(self) -> str:
        """How the names of its files end, dot included."""

    @property
    def summary(self) -> str:
        """One line for help: what is in it and what it is for."""

    @property
    def holds(self) -> Holds:
        """Whether a file has the weights alone, all that makes a model, or a program.

        Of a program no weight can be read; a format of programs has a method ``program(path)``,
        which returns what the file computes: see ``programs``.
        """

    @property
    def reads(self) -> tuple[str, ...]:
        """The suffixes of the files that it reads, its own among them."""

    def write(self, index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
        """Writes a file with the values that `read` gives.

        `path` is a temporary one, which becomes the file once :meth:`read` finds in it every
        weight; it ends as the file's name does.

        Raises:
          ModelError: the model can't be saved so, or a value doesn't fit its weight.
          OutputError: the file can't be written.
        """

    def read(self, path: str, index: ModelIndex | None) -> Exported:
        """Opens a file; `index` tells which tensor is which weight where the file doesn't.

        Raises:
          OutputError: it can't be read at all.
          VerificationError: its manifest is damaged.
        """

    def load(self, path: str, make: Callable[[], Any]) -> Any:
        """Returns a model with the weights of a file; `make` gives the model without them."""

    def model(self, path: str) -> Any:
        """Returns the model that a file describes, without its weights.

        Raises:
          ModelError: it describes none.
        """


def _check(one: OutputFormat) -> None:
    if one.holds not in get_args(Holds):
        expected = " or ".join(map(repr, get_args(Holds)))
        raise UsageError(
            f"format of outputs {one.name!r}: expected that it holds {expected}, found "
            f"{one.holds!r}"
        )
    dotted = all(isinstance(suffix, str) and suffix.startswith(".") for suffix in one.reads)
    if one.suffix not in one.reads or not dotted:
        raise UsageError(
            f"format of outputs {one.name!r}: expected suffixes that begin with a dot, its "
            f"own among those that it reads, found {one.suffix!r} and {one.reads}"
        )


OUTPUT_FORMATS: Registry[OutputFormat] = Registry(
    "format of outputs",
    [
        WeightsH5(),
        KerasArchive(),
        SafetensorsFile(),
        SafetensorsFolder(),
        ObjectCheckpoint(),
        Orbax(),
        SavedModel(),
        Tflite(),
    ],
    has={"suffix": str, "summary": str, "holds": str, "reads": tuple},
    methods=["write", "read", "load", "model"],
    claims=lambda one: {one.suffix, *one.reads},
    check=_check,
)
"""The formats by name. A file of a suffix that none reads is read as the first: as HDF5."""


def holds_optimizer(one: OutputFormat) -> bool:
    """Tells whether files of a format hold what an optimizer keeps: where it says so."""
    return bool(getattr(one, "optimizer", False))


def ask(
    one: OutputFormat,
    method: str,
    *,
    call: Callable[[], Any],
    kind: type,
    error: type[Exception] = OutputError,
    passed: tuple[type[Exception], ...] = PASSED,
    given: Sequence[Exception] = (),
) -> Any:
    """Returns what a format answers, checked: it may come from outside the package.

    Args:
      one: the format.
      method: which of its methods `call` calls.
      call: calls it.
      kind: the type of what it is to answer.
      error: what is raised where it doesn't, or raises anything but what is `passed`.
      passed: what it may raise.
      given: errors of what the method was given to call.
    """
    return asked(
        f"format of outputs {one.name!r}",
        method,
        call=call,
        fits=is_a(kind),
        words=f"an answer of type {kind.__name__}",
        error=error,
        passed=passed,
        given=given,
    )


def read_back(one: OutputFormat, path: str, index: ModelIndex) -> Exported:
    """Returns the tensors of a file that was just written, as others read it who have its format.

    By its method ``read_back`` where it has one: the format's own library, where :meth:`read` does
    without it.
    """
    reader = getattr(one, "read_back", None)
    return opened(one, path, index, reader=reader)


def opened(
    one: OutputFormat,
    path: str,
    index: ModelIndex | None,
    *,
    reader: Callable[[str, Any], Exported] | None = None,
) -> Exported:
    """Returns the tensors of a file, by the format's ``read`` or another `reader`.

    Raises:
      OutputError: the format can't read it, or gives anything else.
    """
    from tf1compat.keras3.formats.exported import Exported

    passed = (Tf1CompatError, MemoryError)  # an OSError is told with the format and the file
    call = functools.partial(reader or one.read, path, index)
    method = f"read for {destination(path)}"
    found: Exported = ask(one, method, call=call, kind=Exported, passed=passed)
    return found


def described_model(one: OutputFormat, path: str) -> Any:
    """Returns the model that a file of a whole model describes.

    Raises:
      ModelError: the format can't make it, or gives anything else.
    """
    import keras

    call = functools.partial(one.model, path)
    return ask(one, "model", call=call, kind=keras.layers.Layer, error=ModelError)


def computing_format(path: str) -> OutputFormat | None:
    """Returns the format of a file that is a program, by its name; None for any other."""
    one = reading_format(path)
    return one if one is not None and one.holds == "program" else None


def read_program(path: str) -> Any:
    """Returns what a file of a program computes: its inputs, outputs, and how it is run.

    Raises:
      OutputError: it is none, the format can't run it, or gives anything else.
    """
    from tf1compat.keras3.formats.programs.program import Program

    one: Any = computing_format(path)
    if one is None:
        raise OutputError(f"{path}: expected a program, found a name of no format of programs")
    return ask(one, "program", call=lambda: one.program(path), kind=Program)


def output_format(path: str, wanted: str | OutputFormat | None = None) -> OutputFormat:
    """Returns the format that writes a file of this name.

    Args:
      path: where to write.
      wanted: the format, or its name; by default the suffix tells. Only a folder may have a name
        without its format's suffix: it says itself what it is.

    Raises:
      UsageError: none has its suffix, or another has it than the one that is wanted.
    """
    if wanted is not None:
        return _wanted(path, OUTPUT_FORMATS[wanted] if isinstance(wanted, str) else wanted)
    fitting = [one for one in OUTPUT_FORMATS.values() if path.endswith(one.suffix)]
    if not fitting:
        raise UsageError(f"{path}: expected a file name ending in {suffixes()}")
    return max(fitting, key=lambda one: len(one.suffix))


def _wanted(path: str, one: OutputFormat) -> OutputFormat:
    other = reading_format(path)
    if path.endswith(one.suffix) or (is_folder(one) and other in (None, one)):
        return one
    taken = f", which is {other.name!r}" if other else ""
    raise UsageError(
        f"{path}: expected a name ending in {one.suffix} for the format {one.name!r}, found "
        f"another{taken}"
    )


def require_library(one: OutputFormat) -> None:
    """Does nothing where the library that a format needs, if it does, is installed.

    Raises:
      UsageError: it isn't.
    """
    library = getattr(one, "library", None)
    if isinstance(library, Library):
        library.require()


def require_backend(one: OutputFormat) -> None:
    """Does nothing where Keras runs on the backend that writing a format needs, if it does.

    Raises:
      UsageError: it runs on another.
    """
    backend = getattr(one, "backend", None)
    if isinstance(backend, Backend):
        backend.require()


def is_folder(one: OutputFormat) -> bool:
    """Tells whether a format writes folders, which carry their manifest in a file."""
    return bool(getattr(one, "is_folder", False))


def reading_format(path: str) -> OutputFormat | None:
    """Returns the format that reads files of this name; None where none says so.

    A folder that this package wrote says it itself, whatever it is called.
    """
    if os.path.isdir(path) and (known := OUTPUT_FORMATS.get(format_within(path))):
        return known
    fitting = [
        (len(suffix), one)
        for one in OUTPUT_FORMATS.values()
        for suffix in one.reads
        if path.endswith(suffix)
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def model_format(path: str) -> OutputFormat | None:
    """Returns the format of a file that holds a whole model, by its name; None for any other."""
    one = reading_format(path)
    return one if one is not None and one.holds == "model" else None


def suffixes() -> str:
    """Returns the suffixes of all formats, as a sentence has them.

    >>> suffixes()
    '.weights.h5, .keras, .safetensors, .safetensors.d, .tf2ckpt, .orbax, .savedmodel or .tflite'
    """
    *others, last = (one.suffix for one in OUTPUT_FORMATS.values())
    return f"{', '.join(others)} or {last}" if others else last
