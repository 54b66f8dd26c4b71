"""A model as a function of its weights: outputs and gradients for any values, nothing assigned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.models.running import run_model

__all__ = ["compute_outputs", "gradient_norms"]

Values = Mapping[str, np.ndarray]


def compute_outputs(index: ModelIndex, inputs: Values, values: Values) -> tuple[np.ndarray, ...]:
    """Returns what the model computes in inference mode if its weights have these values.

    Args:
      index: the model's index; its weights may be without values, and are left as they are.
      inputs: arrays by name; they are given by name where the model's inputs have these names,
        else in their order.
      values: a value for every weight, by path.
    """
    tensors = {path: keras.ops.convert_to_tensor(values[path]) for path in index}
    return tuple(keras.ops.convert_to_numpy(y) for y in _run(index, inputs, tensors))


def gradient_norms(
    index: ModelIndex, inputs: Values, values: Values, projections: Sequence[np.ndarray]
) -> dict[str, float]:
    """Returns how much the projected outputs depend on each weight: the gradient's L2 norm.

    Args:
      index: as for :func:`compute_outputs`.
      inputs: see there.
      values: see there.
      projections: for each output an array of its shape, by which it is multiplied and summed.

    Returns:
      by path, for each floating weight that the outputs depend on at all.
    """

    def projected(tensors: Mapping[str, Any]) -> Any:
        outputs = _run(index, inputs, tensors)
        parts = [
            keras.ops.sum(keras.ops.cast(y, "float32") * keras.ops.convert_to_tensor(p))
            for y, p in zip(outputs, projections, strict=True)
            if keras.backend.is_float_dtype(keras.backend.standardize_dtype(y.dtype))
        ]
        return sum(parts[1:], parts[0])

    floats = {p: values[p] for p in index if keras.backend.is_float_dtype(index[p].dtype)}
    others = {p: keras.ops.convert_to_tensor(values[p]) for p in index if p not in floats}
    found = _GRADIENTS[keras.config.backend()](lambda t: projected({**t, **others}), floats)
    return {path: float(np.linalg.norm(g.astype(np.float64))) for path, g in found.items()}


def _run(index: ModelIndex, inputs: Values, tensors: Mapping[str, Any]) -> list[Any]:
    mapping = [(index[path].variable, tensor) for path, tensor in tensors.items()]
    # Not initialized on leaving: the weights of a model that only describes stay without memory.
    with keras.StatelessScope(state_mapping=mapping, initialize_variables=False):
        return keras.tree.flatten(run_model(index.model, inputs))


def _by_tensorflow(loss: Callable[[Mapping[str, Any]], Any], values: Values) -> dict[str, Any]:
    import tensorflow as tf

    tensors = {path: tf.convert_to_tensor(value) for path, value in values.items()}
    with tf.GradientTape() as tape:
        tape.watch(list(tensors.values()))
        result = loss(tensors)
    found = tape.gradient(result, tensors)
    # Rows of a table come as IndexedSlices, of which one row may have several.
    return {p: tf.convert_to_tensor(g).numpy() for p, g in found.items() if g is not None}


def _by_jax(loss: Callable[[Mapping[str, Any]], Any], values: Values) -> dict[str, Any]:
    import jax

    tensors = {path: keras.ops.convert_to_tensor(value) for path, value in values.items()}
    return {path: np.asarray(g) for path, g in jax.grad(loss)(tensors).items()}


def _by_torch(loss: Callable[[Mapping[str, Any]], Any], values: Values) -> dict[str, Any]:
    tensors = {
        path: keras.ops.convert_to_tensor(value).detach().clone().requires_grad_()
        for path, value in values.items()
    }
    loss(tensors).backward()
    found = {path: tensor.grad for path, tensor in tensors.items()}
    return {path: g.detach().cpu().numpy() for path, g in found.items() if g is not None}


_GRADIENTS = {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}
