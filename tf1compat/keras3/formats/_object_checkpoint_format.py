"""A folder with a TF2 object checkpoint, which ``tf.train.Checkpoint(model)`` restores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from tf1compat.errors import ModelError
from tf1compat.keras3.formats.libraries import Backend

if TYPE_CHECKING:
    from tf1compat.files.manifest import Manifest
    from tf1compat.keras3.formats.exported import Exported
    from tf1compat.keras3.formats.weight_values import ReadWeight
    from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["ObjectCheckpoint"]


class ObjectCheckpoint:
    """As :class:`~tf1compat.keras3.formats.output_formats.OutputFormat` says."""

    name = "tf2_checkpoint"
    suffix = ".tf2ckpt"
    summary = "a folder with a TF2 checkpoint, for tf.train.Checkpoint(model).restore"
    is_folder = True
    holds: Literal["weights"] = "weights"
    optimizer = True
    reads = (suffix,)
    backend = Backend("tensorflow", "whose checkpoint this is")

    def write(self, index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
        """Streams the values into a checkpoint that TensorFlow laid out."""
        from tf1compat.keras3.formats.object_checkpoint.checkpoint_folder import (
            write_object_checkpoint,
        )

        return write_object_checkpoint(index, path, read, kind=self.name)

    def read(self, path: str, index: ModelIndex | None) -> Exported:
        """Opens any folder with an object-based checkpoint."""
        from tf1compat.keras3.formats.object_checkpoint.checkpoint_folder import (
            read_object_checkpoint,
        )

        return read_object_checkpoint(path, index)

    def read_back(self, path: str, index: ModelIndex) -> Exported:
        """Opens a folder that was just written, its values by TensorFlow."""
        from tf1compat.keras3.formats.object_checkpoint.checkpoint_folder import (
            read_back_checkpoint,
        )

        return read_back_checkpoint(path, index)

    def load(self, path: str, make: Callable[[], Any]) -> Any:
        """Assigns the values to the model's weights."""
        from tf1compat.keras3.formats._assigning import with_weights

        return with_weights(make, lambda index: self.read(path, index), path=path)

    def model(self, path: str) -> Any:
        """Raises ModelError: weights alone describe no model."""
        raise ModelError(f"{path}: expected a file of a whole model, found weights alone")
