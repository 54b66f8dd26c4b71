"""What each layer of a model computes for given inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from tf1compat.keras3.index import ModelIndex

__all__ = ["layer_outputs"]


def layer_outputs(
    model: Any, index: ModelIndex, inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Runs `model` once in inference mode and returns what its layers give, in order of ending.

    Args:
      model: a built model with its values.
      index: its index.
      inputs: arrays by the names of the model's inputs, or in their order.

    Returns:
      by path of the layer its (first) output at its first call, of every layer that was called
      and gives an array. Layers that are only called while a loop is traced (cells) are left out.
    """
    found: dict[str, np.ndarray] = {}
    with _recording(index, found):
        _call(model, inputs)
    return found


def _call(model: Any, inputs: Mapping[str, np.ndarray]) -> Any:
    names = {tensor.name for tensor in getattr(model, "inputs", None) or ()}
    if len(inputs) == 1:
        return model(next(iter(inputs.values())), training=False)
    if names == set(inputs):
        return model(dict(inputs), training=False)
    return model(list(inputs.values()), training=False)


@contextlib.contextmanager
def _recording(index: ModelIndex, found: dict[str, np.ndarray]) -> Iterator[None]:
    """Has every layer note what it gives; on leaving they are as they were."""
    changed: list[tuple[Any, Any]] = []
    try:
        for node in index.layers:
            own = vars(node.layer).get("call")
            node.layer.call = _noting(node.layer.call, node.path, found)
            changed.append((node.layer, own))
        yield
    finally:
        for layer, own in changed:
            del layer.call
            if own is not None:
                layer.call = own


def _noting(call: Any, path: str, found: dict[str, np.ndarray]) -> Any:
    def noting_call(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        if path not in found:
            flat = keras.tree.flatten(outputs)
            with contextlib.suppress(NotImplementedError, AttributeError, TypeError, ValueError):
                found[path] = np.asarray(flat[0])  # a symbolic tensor within a loop has no value
        return outputs

    return noting_call
