"""Rows that were dealt out to shards, and pixels that were flattened channels first."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.layout import Layout, Piece, Spec, cannot, one_source

__all__ = ["ChannelsFirst", "ModShards"]


@dataclasses.dataclass(frozen=True)
class ModShards(Layout):
    """Rows in the order of their ids, from a table whose shards stand one after the other.

    ``tf.nn.embedding_lookup`` deals id ``i`` to shard ``i % shards`` unless it is told otherwise,
    where it is row ``i // shards``.
    """

    name = "mod_shards"

    shards: int

    def __post_init__(self) -> None:
        if self.shards < 1:
            raise LayoutError(f"mod_shards({self.shards}): expected at least one shard")

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if not source.shape or source.shape[0] < self.shards:
            raise cannot(self, source, f"at least {self.shards} rows")
        return source

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        return source[self._rows(len(source))]

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target[np.argsort(self._rows(len(target)))]),)

    def _rows(self, count: int) -> np.ndarray:
        ids = np.arange(count)
        dealt = np.concatenate([ids[shard :: self.shards] for shard in range(self.shards)])
        return np.argsort(dealt)


@dataclasses.dataclass(frozen=True)
class ChannelsFirst(Layout):
    """Rows of a kernel behind a flattened image: from channels first to channels last.

    Takes the image's sizes as Keras has them: ``channels_first(7, 7, 512)`` for 512 channels.
    """

    name = "channels_first"

    image: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.image) < 2 or min(self.image, default=0) < 1:
            raise LayoutError(
                f"channels_first{self.image}: expected sizes of an image, channels last"
            )

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if not source.shape or source.shape[0] != math.prod(self.image):
            raise cannot(self, source, f"{math.prod(self.image)} rows")
        return source

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        *space, channels = self.image
        pixels = source.reshape(channels, *space, *source.shape[1:])
        return np.moveaxis(pixels, 0, len(space)).reshape(source.shape)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        pixels = target.reshape(*self.image, *target.shape[1:])
        return (Piece((), np.moveaxis(pixels, len(self.image) - 1, 0).reshape(target.shape)),)
