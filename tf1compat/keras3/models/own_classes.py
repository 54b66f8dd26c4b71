"""Which classes a file of a whole model needs that Keras doesn't have by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from tf1compat.stopping import contained

__all__ = ["unregistered_classes"]

_FUNCTIONS = ("activations", "initializers", "losses", "metrics", "ops", "regularizers")


def unregistered_classes(model: Any) -> tuple[str, ...]:
    """Returns the classes and functions of a model without which Keras can't load its file.

    They are neither Keras' own nor registered (``keras.saving.register_keras_serializable``), so
    that loading needs ``custom_objects``; sorted by name. None of a model without a configuration.
    """
    config: Any = None
    with contextlib.suppress(Exception), contained():  # of a layer that doesn't say how it is made
        config = keras.saving.serialize_keras_object(model)
    return tuple(sorted(set(_unknown(config))))


def _unknown(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        if config.get("registered_name") is not None and not _is_known(config):
            yield str(_name_of(config))
        for value in config.values():
            yield from _unknown(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _unknown(value)


def _name_of(config: dict[str, Any]) -> Any:
    """Returns the class's name; a function's is its whole configuration."""
    return config["config" if config.get("class_name") == "function" else "class_name"]


def _is_known(config: dict[str, Any]) -> bool:
    name = _name_of(config)
    if str(config.get("module")).split(".", 1)[0] == "keras":
        return True
    if config.get("class_name") == "function":
        own = any(hasattr(getattr(keras, module), str(name)) for module in _FUNCTIONS)
        return own or keras.saving.get_registered_object(name) is not None
    return keras.saving.get_registered_object(config["registered_name"]) is not None
