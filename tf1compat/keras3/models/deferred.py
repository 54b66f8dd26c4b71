"""Models whose weights take no memory until they are wanted.

Within a ``keras.StatelessScope`` that doesn't initialize, Keras creates variables that know their
shape, dtype and initializer but hold no value. Such a model can be indexed, planned for and
exported to; :func:`initialize_model` gives it its values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from tf1compat.keras3.index.requirements import require_layer
from tf1compat.keras3.models._outside import called
from tf1compat.keras3.models._weights_told import weights_told

__all__ = ["build_model", "initialize_model"]


def build_model(factory: Callable[[], Any]) -> keras.layers.Layer:
    """Returns the model that `factory` makes, without memory for its weights where that works.

    The factory is called once where it only creates layers. Where it also gives its weights values
    (loads a file, trains, assigns) or creates variables from arrays, it is called a second time,
    plainly, and its second result is returned.

    Weights stay without values until :func:`initialize_model`, or until Keras makes another model:
    whenever it leaves a ``StatelessScope`` of its own, it initializes all that wait for it.

    Args:
      factory: takes no arguments, returns a keras.Model or layer.

    Raises:
      ModelError: if the factory raises, or returns something that isn't a Keras model.
    """
    model = _build_deferred(factory)
    if model is None:
        model = _call(factory)
    return require_layer(model)


def initialize_model(model: keras.layers.Layer) -> None:
    """Gives every weight of `model` that has no value yet its initial value.

    Does nothing to weights that have one.
    """
    with keras.StatelessScope():  # on leaving, Keras initializes what waits for it
        require_layer(model)


def _build_deferred(factory: Callable[[], Any]) -> Any | None:
    """Returns the factory's model with deferred weights, or None where that would change it."""
    scope = keras.StatelessScope(initialize_variables=False)
    try:
        with scope:
            model = _call(factory)
    except Exception:  # whatever is really wrong shows when the factory is called plainly
        return None
    if not isinstance(model, keras.layers.Layer):
        return model
    # Assignments within the scope are kept by the scope, and lost with it.
    if any(scope.get_current_value(variable) is not None for variable in model.variables):
        return None
    return model


def _call(factory: Callable[[], Any]) -> Any:
    name = getattr(factory, "__qualname__", type(factory).__name__)
    with weights_told():
        return called(factory, what=f"building the model failed: {name}() raised")
