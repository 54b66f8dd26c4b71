"""A folder with an Orbax checkpoint, as JAX programs read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from tf1compat.errors import ModelError
from tf1compat.keras3.formats.libraries import ORBAX

if TYPE_CHECKING:
    from tf1compat.files.manifest import Manifest
    from tf1compat.keras3.formats.exported import Exported
    from tf1compat.keras3.formats.weight_values import ReadWeight
    from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["Orbax"]


class Orbax:
    """As :class:`~tf1compat.keras3.formats.output_formats.OutputFormat` says."""

    name = "orbax"
    suffix = ".orbax"
    summary = "a folder with an Orbax checkpoint of the weights by path, for JAX programs"
    is_folder = True
    holds: Literal["weights"] = "weights"
    reads = (suffix,)
    library = ORBAX

    def write(self, index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
        """Has Orbax save the values; all of them are in memory."""
        from tf1compat.keras3.formats._orbax_folder import write_orbax

        return write_orbax(index, path, read, kind=self.name)

    def read(self, path: str, index: ModelIndex | None) -> Exported:
        """Opens any checkpoint of Orbax that has a PyTree called ``pytree``."""
        from tf1compat.keras3.formats._orbax_folder import read_orbax

        return read_orbax(path, index)

    def load(self, path: str, make: Callable[[], Any]) -> Any:
        """Assigns the arrays to the model's weights of these paths."""
        from tf1compat.keras3.formats._assigning import with_weights

        return with_weights(make, lambda index: self.read(path, index), path=path)

    def model(self, path: str) -> Any:
        """Raises ModelError: weights alone describe no model."""
        raise ModelError(f"{path}: expected a file of a whole model, found weights alone")
