"""``.keras``: the whole model, its configuration and its weights in a zip file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from tf1compat.keras3.models.keras_members import SUFFIX

if TYPE_CHECKING:
    from tf1compat.files.manifest import Manifest
    from tf1compat.keras3.formats.exported import Exported
    from tf1compat.keras3.formats.weight_values import ReadWeight
    from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["KerasArchive"]


class KerasArchive:
    """As :class:`~tf1compat.keras3.formats.output_formats.OutputFormat` says."""

    name = "keras"
    suffix = SUFFIX
    summary = "the whole model, for keras.saving.load_model"
    holds: Literal["model"] = "model"
    optimizer = True
    reads = (SUFFIX,)

    def write(self, index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
        """Streams the values into the archive that Keras made."""
        from tf1compat.keras3.formats._keras_zip import write_keras_file

        return write_keras_file(index, path, read)

    def read(self, path: str, index: ModelIndex | None) -> Exported:
        """Opens the weights within the archive; its members' checksums count as damage."""
        from tf1compat.keras3.formats._keras_zip import read_keras_file

        return read_keras_file(path, index)

    def load(self, path: str, make: Callable[[], Any]) -> Any:
        """Has Keras load the model; of the one that is given it gets classes of its own."""
        from tf1compat.keras3.formats.keras_file import load_whole_file

        return load_whole_file(path, make)

    def model(self, path: str) -> Any:
        """Returns the model by its configuration."""
        from tf1compat.keras3.formats.keras_file import load_model_file

        return load_model_file(path)
