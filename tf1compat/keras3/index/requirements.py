"""Whether a model can be indexed at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from tf1compat.errors import ModelError, Problem

__all__ = ["is_of_keras", "require_built", "require_layer"]

_CALL = "call the model once on an example batch, or on a keras.Input of its shape"
_BUILD = f"call model.build(input_shape), or {_CALL}"


def require_layer(model: Any) -> keras.layers.Layer:
    """Returns `model` if it is a Keras 3 model or layer.

    Raises:
      ModelError: naming what it is instead.
    """
    if isinstance(model, keras.layers.Layer):
        return model
    kind = model.__name__ if isinstance(model, type) else type(model).__name__
    what = f"the class {kind} itself" if isinstance(model, type) else f"a {kind}"
    hint = "call it to make a model" if isinstance(model, type) else "give a Keras 3 model or layer"
    if type(model).__module__.split(".")[0] in ("tf_keras", "tensorflow"):
        hint = "build it with Keras 3 (`import keras`), not with tf_keras or a tf.Module"
    raise ModelError(f"expected a keras.Model, found {what}; {hint}")


def require_built(
    root: keras.layers.Layer, paths: Iterable[tuple[str, keras.layers.Layer]]
) -> None:
    """Does nothing when every layer that creates weights has created them.

    Raises:
      ModelError: naming every layer that isn't built.
    """
    unbuilt = [(path, layer) for path, layer in paths if _lacks_weights(layer)]
    if root.built and not unbuilt:
        return
    if not any(layer is root for _, layer in unbuilt) and not root.built:
        unbuilt.insert(0, ("", root))
    problems = [
        Problem(
            f"{path or layer.name} ({type(layer).__name__})",
            "a built layer",
            "one whose weights don't exist yet",
        )
        for path, layer in unbuilt
    ]
    raise ModelError.from_problems(
        f"{root.name} ({type(root).__name__}): {len(unbuilt)} layer(s) are not built; "
        f"{_CALL if _builds_nothing(root) else _BUILD}. "
        "A layer that the model never calls has to be built by itself, or be taken out",
        problems,
    )


def _lacks_weights(layer: keras.layers.Layer) -> bool:
    """Tells whether `layer` is unbuilt and of a class that creates something when it is built."""
    return not layer.built and not _builds_nothing(layer)


def _builds_nothing(layer: keras.layers.Layer) -> bool:
    """Tells whether the class has no ``build`` of its own; Keras' only sets ``built``."""
    return type(layer).build is keras.layers.Layer.build


def is_of_keras(layer: Any) -> bool:
    """Tells whether a layer's class is Keras' own: what its settings mean is known."""
    return type(layer).__module__.partition(".")[0] == "keras"
