"""A model as a function of its weights: outputs and gradients for any values, nothing assigned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.models.running import run_model, watch_layers

__all__ = ["Sensitivity", "compute_gradients", "compute_layers", "compute_outputs", "own_value"]

Values = Mapping[str, np.ndarray]


class Sensitivity(NamedTuple):
    """How much outputs depend on a weight.

    Attributes:
      norm: the L2 norm of the gradient.
      reached: of how many rows, along the first axis, any gradient isn't zero.
      rows: how many there are.
    """

    norm: float
    reached: int
    rows: int


def own_value(variable: Any) -> np.ndarray:
    """Returns the value that a weight has, or for one without a value yet, its initial one."""
    return np.asarray(keras.ops.convert_to_numpy(variable.value))


def compute_outputs(
    index: ModelIndex,
    inputs: Values,
    values: Values,
    *,
    layers: Sequence[str] = (),
    only: Sequence[int] = (),
) -> tuple[np.ndarray, ...]:
    """Returns what the model computes in inference mode if its weights have these values.

    Args:
      index: the model's index; its weights may be without values, and are left as they are.
      inputs: arrays by name; they are given by name where the model's inputs have these names,
        else in their order.
      values: a value for every weight, by path; each is asked for once, and may be made then.
      layers: paths of layers whose outputs are returned instead of the model's; of each its last
        call's first.
      only: numbers of the outputs that are returned, from 0; by default all.
    """
    tensors = {path: keras.ops.convert_to_tensor(values[path]) for path in index}
    outputs = _run(index, inputs, tensors, layers=layers, only=only)
    return tuple(map(keras.ops.convert_to_numpy, outputs))


def compute_layers(
    index: ModelIndex, inputs: Values, values: Values
) -> dict[str, tuple[np.ndarray, ...]]:
    """Returns what each layer that holds weights computes if the weights have these values.

    Arguments are as for :func:`compute_outputs`, results as of
    :func:`~tf1compat.keras3.layer_outputs`.
    """
    tensors = {path: keras.ops.convert_to_tensor(values[path]) for path in index}
    found: dict[str, list[np.ndarray]] = {}

    def keep(path: str, output: Any) -> None:
        found.setdefault(path, []).append(keras.ops.convert_to_numpy(output))

    with _holding(index, tensors), watch_layers(index, keep):
        run_model(index.model, inputs)
    return {path: tuple(outputs) for path, outputs in found.items()}


def compute_gradients(
    index: ModelIndex,
    inputs: Values,
    values: Values,
    projection: Callable[[Sequence[int]], np.ndarray],
    *,
    layers: Sequence[str] = (),
    only: Sequence[int] = (),
) -> tuple[tuple[np.ndarray, ...], dict[str, Sensitivity]]:
    """Returns outputs, and how much they depend on each weight.

    Args:
      index: as for :func:`compute_outputs`.
      inputs: see there.
      values: see there.
      projection: for an output's shape the array by which it is multiplied, and then summed.
      layers: as for :func:`compute_outputs`.
      only: see there.

    Returns:
      the outputs, as :func:`compute_outputs` returns them, and by path, for each floating weight
      that the outputs depend on at all, how much.
    """

    def projected(tensors: Mapping[str, Any]) -> tuple[Any, list[Any]]:
        outputs = _run(index, inputs, tensors, layers=layers, only=only)
        parts = [
            keras.ops.sum(
                keras.ops.cast(y, "float32")
                * keras.ops.convert_to_tensor(projection(tuple(y.shape)).astype(np.float32))
            )
            for y in outputs
            if keras.backend.is_float_dtype(keras.backend.standardize_dtype(y.dtype))
        ]
        return sum(parts, keras.ops.zeros(())), outputs  # parts: none where all are integers

    floats = [p for p in index if keras.backend.is_float_dtype(index[p].dtype)]
    others = {p: keras.ops.convert_to_tensor(values[p]) for p in index if p not in set(floats)}
    tensors = {path: keras.ops.convert_to_tensor(values[path]) for path in floats}
    run = _GRADIENTS[keras.config.backend()]
    found, outputs = run(lambda t: projected({**t, **others}), tensors)
    norms = {path: _sensitivity(g.astype(np.float64)) for path, g in found}
    return tuple(map(keras.ops.convert_to_numpy, outputs)), norms


def _sensitivity(gradient: np.ndarray) -> Sensitivity:
    rows = gradient.reshape(len(gradient), -1) if gradient.ndim else gradient.reshape(1, 1)
    return Sensitivity(float(np.linalg.norm(gradient)), int(rows.any(axis=1).sum()), len(rows))


def _run(
    index: ModelIndex,
    inputs: Values,
    tensors: Mapping[str, Any],
    *,
    layers: Sequence[str],
    only: Sequence[int],
) -> list[Any]:
    if not layers:
        with _holding(index, tensors):
            outputs = keras.tree.flatten(run_model(index.model, inputs))
        return [outputs[number] for number in only] if only else list(outputs)
    found: dict[str, Any] = {}
    with _holding(index, tensors), watch_layers(index, found.__setitem__):
        run_model(index.model, inputs)
    return [found[path] for path in layers]


def _holding(index: ModelIndex, tensors: Mapping[str, Any]) -> Any:
    """Returns what the model runs in, its weights holding `tensors`.

    Not initialized on leaving: the weights of a model that only describes stay without memory.
    """
    mapping = [(index[path].variable, tensor) for path, tensor in tensors.items()]
    return keras.StatelessScope(state_mapping=mapping, initialize_variables=False)


Loss = Callable[[Mapping[str, Any]], tuple[Any, list[Any]]]
Gradients = Iterable[tuple[str, np.ndarray]]


def _by_tensorflow(loss: Loss, tensors: Mapping[str, Any]) -> tuple[Gradients, list[Any]]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(list(tensors.values()))
        result, outputs = loss(tensors)
    found = tape.gradient(result, dict(tensors))
    # Rows of a table come as IndexedSlices, of which one row may have several.
    dense = ((p, tf.convert_to_tensor(g).numpy()) for p, g in found.items() if g is not None)
    return dense, outputs


def _by_jax(loss: Loss, tensors: Mapping[str, Any]) -> tuple[Gradients, list[Any]]:
    import jax

    found, outputs = jax.grad(loss, has_aux=True)(dict(tensors))
    return ((path, np.asarray(g)) for path, g in found.items()), outputs


def _by_torch(loss: Loss, tensors: Mapping[str, Any]) -> tuple[Gradients, list[Any]]:
    leaves = {path: tensor.detach().requires_grad_() for path, tensor in tensors.items()}
    result, outputs = loss(leaves)
    if result.requires_grad:
        result.backward()
    found = (
        (path, keras.ops.convert_to_numpy(leaf.grad))
        for path, leaf in leaves.items()
        if leaf.grad is not None
    )
    return found, outputs


_GRADIENTS = {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}
