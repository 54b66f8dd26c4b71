"""What layers change by themselves while a model is trained, and what stops them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from tf1compat.keras3.index.requirements import is_of_keras

__all__ = ["Hold", "Moved", "moved_by"]


class Hold(enum.Enum):
    """What keeps a layer from changing its variables in training."""

    UNTRAINABLE = "`trainable = False` of the layer"
    NOTHING = "nothing"
    UNKNOWN = "nothing that is known of its class"


class Moved(NamedTuple):
    """The variables that a layer changes by itself, and what would stop it."""

    variables: Sequence[Any]
    hold: Hold


def moved_by(layer: keras.layers.Layer, untrained: Sequence[Any]) -> Moved:
    """Returns what a layer changes by itself in training, other than states and seeds.

    Args:
      layer: the layer.
      untrained: its own variables that weren't made to be trained.
    """
    norm = keras.layers.BatchNormalization
    if isinstance(layer, norm):
        # Keras' `call` asks `self.trainable`; one of a program's own may not.
        known = type(layer).call is norm.call
        return Moved(untrained, Hold.UNTRAINABLE if known else Hold.UNKNOWN)
    if isinstance(layer, keras.layers.SpectralNormalization):
        # It assigns what it normalizes, frozen or not.
        return Moved((*untrained, layer.kernel), Hold.NOTHING)
    return Moved(() if is_of_keras(layer) else untrained, Hold.UNKNOWN)
