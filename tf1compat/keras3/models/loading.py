"""Models by the text that a command line gives: ``module:callable``, or a ``.keras`` file."""

from __future__ import annotations

from typing import Any

import keras

from tf1compat.errors import ModelError
from tf1compat.keras3.models.deferred import build_model, initialize_model
from tf1compat.keras3.models.factories import load_factory
from tf1compat.keras3.models.keras_file import load_model_file

__all__ = ["lazy_model", "load_model"]


def lazy_model(spec: str) -> keras.layers.Layer:
    """Returns the model that `spec` names, its weights without memory where that works.

    Args:
      spec: ``module:callable``, or the path of a ``.keras`` file.

    Raises:
      ModelError: if there is no such thing, it fails, or it makes no model.
    """
    return load_model_file(spec) if spec.endswith(".keras") else build_model(load_factory(spec))


def load_model(spec: str, *, weights: str) -> Any:
    """Returns the model that `spec` names, with the weights of a file.

    Args:
      spec: ``module:callable``, or the path of a ``.keras`` file.
      weights: a ``.weights.h5`` or ``.keras`` file of that model.

    Raises:
      ModelError: if the model can't be made, or doesn't take the file's weights.
    """
    if weights.endswith(".keras"):
        return _from(lambda: keras.models.load_model(weights, compile=False), weights)
    model = lazy_model(spec)
    initialize_model(model)
    _from(lambda: model.load_weights(weights), weights)
    return model


def _from(load: Any, path: str) -> Any:
    try:
        return load()
    except (OSError, ValueError, TypeError, KeyError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path}: expected weights of this model, found {first}") from error
