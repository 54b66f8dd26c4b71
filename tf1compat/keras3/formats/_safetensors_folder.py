"""A folder of safetensors files as the Hub has them: shards of a size, and the index of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from tf1compat.errors import ModelError, UsageError
from tf1compat.keras3.formats.libraries import SAFETENSORS, Library
from tf1compat.keras3.formats.options import option
from tf1compat.names.sizes import bytes_of

if TYPE_CHECKING:
    from tf1compat.files.manifest import Manifest
    from tf1compat.keras3.formats.exported import Exported
    from tf1compat.keras3.formats.weight_values import ReadWeight
    from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["SafetensorsFolder"]


@dataclasses.dataclass(frozen=True)
class SafetensorsFolder:
    """As :class:`~tf1compat.keras3.formats.output_formats.OutputFormat` says.

    Attributes:
      shard_size: bytes of tensors that a file holds at most; a larger tensor has one of its own.
    """

    shard_size: int = option(
        5_000_000_000, "Bytes of weights that one file has at most, such as 500MB.", bytes_of
    )

    name: ClassVar[str] = "safetensors_folder"
    suffix: ClassVar[str] = ".safetensors.d"
    summary: ClassVar[str] = (
        "a folder of the weights by path as the Hub has them, in several files above --shard_size"
    )
    is_folder: ClassVar[bool] = True
    holds: ClassVar[Literal["weights"]] = "weights"
    reads: ClassVar[tuple[str, ...]] = (suffix, ".safetensors.index.json")
    library: ClassVar[Library] = SAFETENSORS

    def __post_init__(self) -> None:
        if self.shard_size <= 0:
            raise UsageError(f"shard_size: expected a number of bytes, found {self.shard_size}")

    def write(self, index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
        """Streams the values into the folder's files."""
        from tf1compat.keras3.formats.safetensors_files.folder import write_folder

        return write_folder(index, path, read, shard_size=self.shard_size, kind=self.name)

    def read(self, path: str, index: ModelIndex | None) -> Exported:
        """Opens any such folder, by the index in it or by its one file."""
        from tf1compat.keras3.formats.safetensors_files.folder import read_folder

        return read_folder(path)

    def read_back(self, path: str, index: ModelIndex) -> Exported:
        """Opens a folder that was just written, its values by the safetensors library."""
        from tf1compat.keras3.formats.safetensors_files.folder import read_back_folder

        return read_back_folder(path)

    def load(self, path: str, make: Callable[[], Any]) -> Any:
        """Assigns the tensors to the model's weights of these paths."""
        from tf1compat.keras3.formats._assigning import with_weights

        return with_weights(make, lambda index: self.read(path, index), path=path)

    def model(self, path: str) -> Any:
        """Raises ModelError: weights alone describe no model."""
        raise ModelError(f"{path}: expected a file of a whole model, found weights alone")
