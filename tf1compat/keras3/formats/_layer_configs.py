"""The layers that the configuration of a model of Keras 3 describes, by where files have them.

Keras counts the layers of a model by their classes, in the order of the configuration:
``layers/dense``, ``layers/dense_1``. Layers within layers go by the attributes that hold them.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["LayerConfig", "layer_configs"]

_MODELS = ("Functional", "Sequential")
_DEEPEST = 50
_WORD = re.compile(r"(.)([A-Z][a-z]+)")
_SMALL = re.compile(r"([a-z])([A-Z])")
# Layers that make others of themselves: these have what they say of variables.
_CELLS = {"LSTM": "LSTMCell", "GRU": "GRUCell", "SimpleRNN": "SimpleRNNCell"} | {
    f"ConvLSTM{n}D": "ConvLSTMCell" for n in (1, 2, 3)
}
_PROJECTING = ("MultiHeadAttention", "GroupQueryAttention")
_PROJECTIONS = ("query_dense", "key_dense", "value_dense", "output_dense")


@dataclasses.dataclass(frozen=True)
class LayerConfig:
    """What is said of a layer.

    Attributes:
      name: its name; "" of one that another makes of itself.
      kind: its class; "" where that isn't one of Keras'.
      settings: its configuration.
    """

    name: str
    kind: str
    settings: Mapping[str, Any]


def layer_configs(config: Any) -> dict[str, LayerConfig]:
    """Returns the layers of a ``config.json``, by the paths of their groups.

    Only as far as that tells: a layer of a program's own may hold others anywhere.
    """
    found: dict[str, LayerConfig] = {}
    _add_layers(config, "", found, left=_DEEPEST)
    return found


def _add_layers(config: Any, path: str, found: dict[str, LayerConfig], *, left: int) -> None:
    """Adds the layers of a model, or of another layer, that is at a path."""
    one = _parsed(config)
    if one is None or not left:
        return
    listed = one.settings.get("layers")
    for below, child in _counted(listed, "layers") if one.kind in _MODELS else _held(one):
        place = f"{path}/{below}" if path else below
        parsed = child if isinstance(child, LayerConfig) else _parsed(child)
        if parsed is not None:
            found[place] = parsed
            if not isinstance(child, LayerConfig):
                _add_layers(child, place, found, left=left - 1)


def _parsed(config: Any) -> LayerConfig | None:
    """Returns what is said of a layer; None of what is no layer."""
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        return None
    kind, module, settings = config.get("class_name"), config.get("module"), config["config"]
    if not isinstance(kind, str):
        return None
    # Keras 3.0 registers its own layers by their classes' names; others have a package before it.
    registered = config.get("registered_name") in (None, kind)
    package, *within = str(module).split(".")
    own = registered and package == "keras" and "layers" in within[:2]  # or below its sources
    plain = own or kind in _MODELS
    return LayerConfig(str(settings.get("name", "")), kind if plain else "", settings)


def _counted(configs: Any, container: str) -> Iterator[tuple[str, Any]]:
    """Yields the layers of a list by the paths that Keras counts them by."""
    times: Counter[str] = Counter()
    for config in configs if isinstance(configs, list) else ():
        kind = config.get("class_name") if isinstance(config, dict) else None
        if isinstance(kind, str):
            word = _snake_case(kind)
            number = times[word]
            times[word] += 1
            yield f"{container}/{word}" + (f"_{number}" if number else ""), config


def _held(one: LayerConfig) -> Iterator[tuple[str, Any]]:
    """Yields the layers that a layer of Keras holds, by its attributes."""
    settings = one.settings
    if one.kind == "Bidirectional":
        yield "forward_layer", settings.get("layer")
        yield "backward_layer", settings.get("backward_layer")
    elif one.kind == "TimeDistributed":
        yield "layer", settings.get("layer")
    elif one.kind == "RNN":
        yield "cell", settings.get("cell")
    elif one.kind == "StackedRNNCells":
        yield from _counted(settings.get("cells"), "cells")
    elif one.kind in _CELLS:
        yield "cell", LayerConfig("", _CELLS[one.kind], settings)
    elif one.kind in _PROJECTING:
        for name in _PROJECTIONS:
            yield name, LayerConfig("", "Projection", settings)


def _snake_case(name: str) -> str:
    """Returns a class's name as Keras calls groups by it.

    >>> [_snake_case(one) for one in ("Conv2DTranspose", "ReLU", "SeparableConv1D", "GRU")]
    ['conv2d_transpose', 're_lu', 'separable_conv1d', 'gru']
    """
    return _SMALL.sub(r"\1_\2", _WORD.sub(r"\1_\2", name)).lower()
