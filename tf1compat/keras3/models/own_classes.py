"""Which classes a file of a whole model needs that Keras doesn't have, and whose they are."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from typing import Any

import keras

from tf1compat.errors import ModelError, Problem
from tf1compat.keras3.index.model_index import index_model
from tf1compat.stopping import contained

__all__ = ["own_objects", "unknown_names", "unregistered_classes"]

_FUNCTIONS = ("activations", "initializers", "losses", "metrics", "ops", "regularizers")


def unregistered_classes(model: Any) -> tuple[str, ...]:
    """Returns the classes and functions of a model without which Keras can't load its file.

    They are neither Keras' own nor registered (``keras.saving.register_keras_serializable``), so
    that loading needs ``custom_objects``; sorted by name. None of a model without a configuration.
    """
    config: Any = None
    with contextlib.suppress(Exception), contained():  # of a layer that doesn't say how it is made
        config = keras.saving.serialize_keras_object(model)
    return unknown_names(config)


def unknown_names(config: Any, known: Collection[str] = ()) -> tuple[str, ...]:
    """Returns the classes and functions of a model's configuration that Keras can't find, sorted.

    Args:
      config: as a file or ``keras.saving.serialize_keras_object`` has it.
      known: names that it is given besides.
    """
    return tuple(sorted(set(_unknown(config)).difference(known)))


def own_objects(model: Any) -> dict[str, Any]:
    """Returns by name what a live model is made of that Keras doesn't know: its ``custom_objects``.

    Classes of layers, and the classes and functions that layers hold. What is nowhere in the model
    isn't there.

    Raises:
      ModelError: several go by one name, of which Keras would take one for all.
    """
    names = set(unregistered_classes(model))
    found: dict[str, list[Any]] = {}
    for one in _used(model) if names else ():
        name = getattr(one, "__name__", "")
        if name in names and not any(one is other for other in found.setdefault(name, [])):
            found[name].append(one)
    problems = [
        Problem(name, "one class or function", " and ".join(map(_home, all_of_it)))
        for name, all_of_it in found.items()
        if len(all_of_it) > 1
    ]
    if problems:
        raise ModelError.from_problems(
            "Keras can't tell apart what a file of this model names; give each its own name, or "
            "register it (keras.saving.register_keras_serializable):",
            problems,
        )
    return {name: one for name, [one] in found.items()}


def _used(model: Any) -> Iterator[Any]:
    """Yields classes of layers, and the classes and functions that their attributes hold."""
    for layer in {id(node.layer): node.layer for node in index_model(model).layers}.values():
        yield type(layer)
        for value in keras.tree.flatten(list(vars(layer).values())):
            yield value if callable(value) and hasattr(value, "__name__") else type(value)


def _home(one: Any) -> str:
    return f"{one.__module__}.{one.__qualname__}"


def _unknown(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        if config.get("registered_name") is not None and not _is_known(config):
            yield _name_of(config)
        for value in config.values():
            yield from _unknown(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _unknown(value)


def _name_of(config: dict[str, Any]) -> str:
    """Returns the class's name; a function's is its whole configuration."""
    return str(config.get("config" if config.get("class_name") == "function" else "class_name"))


def _is_known(config: dict[str, Any]) -> bool:
    name = _name_of(config)
    if str(config.get("module")).split(".", 1)[0] == "keras":
        return True
    if config.get("class_name") == "function":
        own = any(hasattr(getattr(keras, module), name) for module in _FUNCTIONS)
        return own or keras.saving.get_registered_object(name) is not None
    return keras.saving.get_registered_object(str(config["registered_name"])) is not None
