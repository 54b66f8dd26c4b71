"""``.weights.h5``: a model's weights in HDF5, as Keras lays them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from tf1compat.errors import ModelError

if TYPE_CHECKING:
    from tf1compat.files.manifest import Manifest
    from tf1compat.keras3.formats.exported import Exported
    from tf1compat.keras3.formats.weight_values import ReadWeight
    from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["WeightsH5"]


class WeightsH5:
    """As :class:`~tf1compat.keras3.formats.output_formats.OutputFormat` says."""

    name = "weights.h5"
    suffix = ".weights.h5"
    summary = "the weights, for model.load_weights"
    holds: Literal["weights"] = "weights"
    optimizer = True
    reads = (suffix, ".h5")  # Keras writes the first alone; what others named is read all the same

    def write(self, index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
        """Streams the values into a file that Keras laid out."""
        from tf1compat.keras3.formats.hdf5.weights_file import write_weights_file

        return write_weights_file(index, path, read)

    def read(self, path: str, index: ModelIndex | None) -> Exported:
        """Opens any HDF5 file."""
        from tf1compat.keras3.formats.hdf5.weights_file import read_weights_file

        return read_weights_file(path, index)

    def load(self, path: str, make: Callable[[], Any]) -> Any:
        """Has Keras load the weights into the model."""
        from tf1compat.keras3.formats.hdf5.loadable import loadable
        from tf1compat.keras3.formats.hdf5.source import source_in

        with loadable(path, source_in) as checked:
            model = make()
            model.load_weights(checked)
            return model

    def model(self, path: str) -> Any:
        """Raises ModelError: weights alone describe no model."""
        raise ModelError(f"{path}: expected a file of a whole model, found weights alone")
