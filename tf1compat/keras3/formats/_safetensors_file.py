"""``.safetensors``: a model's weights in one file that no code runs from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from tf1compat.errors import ModelError
from tf1compat.keras3.formats.libraries import SAFETENSORS

if TYPE_CHECKING:
    from tf1compat.files.manifest import Manifest
    from tf1compat.keras3.formats.exported import Exported
    from tf1compat.keras3.formats.weight_values import ReadWeight
    from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["SafetensorsFile"]


class SafetensorsFile:
    """As :class:`~tf1compat.keras3.formats.output_formats.OutputFormat` says."""

    name = "safetensors"
    suffix = ".safetensors"
    summary = "the weights by path in one file, for safetensors.safe_open"
    holds: Literal["weights"] = "weights"
    reads = (suffix,)
    library = SAFETENSORS

    def write(self, index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
        """Streams the values into the file."""
        from tf1compat.keras3.formats.safetensors_files.single_file import write_single_file

        return write_single_file(index, path, read)

    def read(self, path: str, index: ModelIndex | None) -> Exported:
        """Opens any safetensors file."""
        from tf1compat.keras3.formats.safetensors_files.single_file import read_single_file

        return read_single_file(path)

    def read_back(self, path: str, index: ModelIndex) -> Exported:
        """Opens a file that was just written, its values by the safetensors library."""
        from tf1compat.keras3.formats.safetensors_files.single_file import read_back_single_file

        return read_back_single_file(path)

    def load(self, path: str, make: Callable[[], Any]) -> Any:
        """Assigns the tensors to the model's weights of these paths."""
        from tf1compat.keras3.formats._assigning import with_weights

        return with_weights(make, lambda index: self.read(path, index), path=path)

    def model(self, path: str) -> Any:
        """Raises ModelError: weights alone describe no model."""
        raise ModelError(f"{path}: expected a file of a whole model, found weights alone")
