"""``.tflite``: a model as a program for LiteRT, its weights whole or quantized."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from tf1compat.errors import ModelError, UsageError
from tf1compat.keras3.formats.libraries import LITERT, Backend, Library
from tf1compat.keras3.formats.options import option

if TYPE_CHECKING:
    from tf1compat.files.manifest import Manifest
    from tf1compat.keras3.formats.exported import Exported
    from tf1compat.keras3.formats.weight_values import ReadWeight
    from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["Tflite"]

_WAYS = ("none", "dynamic", "float16", "int8")


@dataclasses.dataclass(frozen=True)
class Tflite:
    """As :class:`~tf1compat.keras3.formats.output_formats.OutputFormat` says.

    Attributes:
      quantize: ``none``; ``dynamic``: weights in 8 bits; ``float16``: weights in 16; ``int8``: all
        that is computed in 8 bits, for which representative inputs are needed.
      representative: an ``.npz`` file of inputs: ``int8`` is scaled by them, and errors are theirs.
      max_error: largest error of an output, relative to its largest value, that isn't refused; 0
        for what the quantization makes expected.
    """

    quantize: str = option("none", "none, dynamic, float16 or int8.", str)
    representative: str = option(
        "", "An .npz of inputs (a recording will do) that int8 is scaled by.", str
    )
    max_error: float = option(
        0.0,
        "Largest relative error of an output; by default 0.0001, float16 0.01, dynamic 0.1, int8 "
        "0.25.",
        float,
    )

    name: ClassVar[str] = "tflite"
    suffix: ClassVar[str] = ".tflite"
    summary: ClassVar[str] = "a program for LiteRT, quantized by --quantize; told by its outputs"
    holds: ClassVar[Literal["program"]] = "program"
    reads: ClassVar[tuple[str, ...]] = (suffix,)
    library: ClassVar[Library] = LITERT
    backend: ClassVar[Backend] = Backend("tensorflow", "whose graph is converted")

    def __post_init__(self) -> None:
        if self.quantize not in _WAYS:
            raise UsageError(f"quantize: expected {', '.join(_WAYS)}, found {self.quantize!r}")
        if self.quantize == "int8" and not self.representative:
            raise UsageError(
                "quantize: expected representative inputs for int8 (--representative=FILE.npz), "
                "found none"
            )
        if not 0 <= self.max_error < float("inf"):
            raise UsageError(f"max_error: expected a positive number, found {self.max_error}")

    def write(self, index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
        """Converts the model with the values, all of them in memory, and runs what came of it."""
        from tf1compat.keras3.formats.programs.tflite import Conversion, write_tflite

        told = Conversion(self.quantize, self.representative, self.max_error)
        return write_tflite(index, path, read, conversion=told)

    def read(self, path: str, index: ModelIndex | None) -> Exported:
        """Opens a file, of which no weight can be read."""
        from tf1compat.keras3.formats.programs.tflite import read_tflite

        return read_tflite(path)

    def program(self, path: str) -> Any:
        """Returns what a file computes."""
        from tf1compat.keras3.formats.programs.tflite import tflite_program

        return tflite_program(path)

    def load(self, path: str, make: Callable[[], Any]) -> Any:
        """Raises ModelError: there are no weights to be read."""
        raise ModelError(f"{path}: expected weights, found a program; compare its outputs (verify)")

    def model(self, path: str) -> Any:
        """Raises ModelError: a program describes no Keras model."""
        raise ModelError(f"{path}: expected a file of a whole model, found a program for LiteRT")
