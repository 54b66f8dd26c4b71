"""A SavedModel for inference, as ``model.export`` writes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from tf1compat.errors import ModelError
from tf1compat.keras3.formats.libraries import Backend
from tf1compat.keras3.formats.options import option

if TYPE_CHECKING:
    from tf1compat.files.manifest import Manifest
    from tf1compat.keras3.formats.exported import Exported
    from tf1compat.keras3.formats.weight_values import ReadWeight
    from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["SavedModel"]


@dataclasses.dataclass(frozen=True)
class SavedModel:
    """As :class:`~tf1compat.keras3.formats.output_formats.OutputFormat` says.

    Attributes:
      representative: an ``.npz`` file of inputs with which the signature is tried.
    """

    representative: str = option(
        "", "An .npz of inputs (a recording will do) to run what is written with.", str
    )

    name: ClassVar[str] = "saved_model"
    suffix: ClassVar[str] = ".savedmodel"
    summary: ClassVar[str] = "a folder with a SavedModel for inference, for tf.saved_model.load"
    is_folder: ClassVar[bool] = True
    holds: ClassVar[Literal["weights"]] = "weights"
    reads: ClassVar[tuple[str, ...]] = (suffix,)
    backend: ClassVar[Backend] = Backend("tensorflow", "whose graph is exported")

    def write(self, index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
        """Has Keras export the model with the values; all of them are in memory."""
        from tf1compat.keras3.formats.programs.served_model import write_saved_model

        return write_saved_model(
            index, path, read, kind=self.name, representative=self.representative
        )

    def read(self, path: str, index: ModelIndex | None) -> Exported:
        """Opens the variables of a SavedModel that Keras exported."""
        from tf1compat.keras3.formats.programs.served_model import read_saved_model

        return read_saved_model(path, index)

    def read_back(self, path: str, index: ModelIndex) -> Exported:
        """Opens a folder that was just written, its values by TensorFlow."""
        from tf1compat.keras3.formats.programs.served_model import read_back_saved_model

        return read_back_saved_model(path, index)

    def load(self, path: str, make: Callable[[], Any]) -> Any:
        """Assigns the values to the model's weights."""
        from tf1compat.keras3.formats._assigning import with_weights

        return with_weights(make, lambda index: self.read(path, index), path=path)

    def model(self, path: str) -> Any:
        """Raises ModelError: a SavedModel is a graph, and no Keras model."""
        raise ModelError(
            f"{path}: expected a file of a whole model, found a SavedModel, its graph alone"
        )
