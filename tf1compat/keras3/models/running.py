"""Running a model and looking at its layers' outputs on the way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from tf1compat.errors import UsageError
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.names.first_line import first_line
from tf1compat.names.spec_text import spec_text
from tf1compat.stopping import contained

__all__ = ["layer_outputs", "output_arrays", "output_names", "run_model", "watch_layers"]

# A call that is traced, as within a loop, has no values: TensorFlow says the first, JAX the second.
_TRACED = (NotImplementedError, TypeError)


def run_model(model: Any, inputs: Mapping[str, np.ndarray]) -> Any:
    """Returns what `model` computes in inference mode.

    Args:
      model: a built Keras model.
      inputs: arrays by name; they are given by name where the model's inputs have these names,
        else in their order.

    Raises:
      UsageError: the model can't compute from such inputs.
    """
    try:
        with contained():
            return _called(model, inputs)
    except Exception as error:  # layers and backends raise what they like on a wrong shape
        raise _unfit(model, inputs, first_line(error)) from error


def _called(model: Any, inputs: Mapping[str, np.ndarray]) -> Any:
    names = {getattr(tensor, "name", None) for tensor in getattr(model, "inputs", None) or ()}
    if len(inputs) > 1 and names == set(inputs):
        return model(dict(inputs), training=False)
    values = list(inputs.values())
    if isinstance(model, keras.Model) and len(values) == len(names):
        with contextlib.suppress(AttributeError):  # a subclassed model has no `input`
            return model(keras.tree.pack_sequence_as(model.input, values), training=False)
    return model(values[0] if len(values) == 1 else values, training=False)


def output_arrays(model: Any, inputs: Mapping[str, np.ndarray]) -> Any:
    """Returns what `model` computes in inference mode, as :func:`run_model`, in NumPy arrays.

    Each backend has its own way there: one of torch refuses NumPy what it could differentiate.

    Raises:
      UsageError: the model can't compute from such inputs.
    """
    taken = getattr(model, "inputs", None) or ()
    # Keras warns of another number of inputs before it refuses it, which is one message too many.
    if taken and len(taken) != len(inputs):
        raise _unfit(model, inputs, f"{len(taken)} and not {len(inputs)} are needed")
    outputs = run_model(model, inputs)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)


def _unfit(model: Any, inputs: Mapping[str, np.ndarray], why: str) -> UsageError:
    """Returns the error of inputs that a model can't compute from."""
    taken = [spec_text(one.dtype, one.shape) for one in getattr(model, "inputs", None) or ()]
    given = [f"{name} {spec_text(one.dtype, one.shape)}" for name, one in inputs.items()]
    return UsageError(
        f"{model.name}: expected inputs that it computes from ({', '.join(taken) or 'any'}), "
        f"found {', '.join(given)}: {why}"
    )


def output_names(model: Any) -> tuple[str, ...]:
    """Returns what a model calls its outputs, in the order in which they are flattened.

    Of a dict the keys, numbered where one has several; else the names of the layers that they come
    from. () where it doesn't say.
    """
    outputs = getattr(model, "output", None) if isinstance(model, keras.Model) else None
    if isinstance(outputs, dict):
        found: list[str] = []
        for key in keras.tree.flatten({key: key for key in outputs}):  # in the order of values
            count = len(keras.tree.flatten(outputs[key]))
            found += [str(key)] if count == 1 else [f"{key}_{number}" for number in range(count)]
        return tuple(found)
    return tuple(map(str, getattr(model, "output_names", None) or ()))


def layer_outputs(
    index: ModelIndex, inputs: Mapping[str, np.ndarray]
) -> dict[str, tuple[np.ndarray, ...]]:
    """Runs the model in inference mode; returns every output of each layer that holds weights.

    Returns:
      by the path of each such layer, in the order in which they finished, the value of each of its
      calls; of a call with several outputs, the first.
    """
    found: dict[str, list[np.ndarray]] = {}

    def keep(path: str, output: Any) -> None:
        found.setdefault(path, []).append(keras.ops.convert_to_numpy(output))

    with watch_layers(index, keep):
        run_model(index.model, inputs)
    return {path: tuple(values) for path, values in found.items()}


@contextlib.contextmanager
def watch_layers(index: ModelIndex, seen: Callable[[str, Any], object]) -> Iterator[None]:
    """Has `seen` called with each layer's path and first output, after each of its calls.

    Layers are those that hold weights, but for the model itself. A call that is traced, as within
    a loop, has no values: where `seen` can't do with what it gets, it isn't there.
    """

    def watching(path: str, call: Any) -> Any:
        def watched_call(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            first = next(iter(keras.tree.flatten(result)), None)
            with contextlib.suppress(*_TRACED):
                seen(path, first)
            return result

        return watched_call

    watched = [node for node in index.layers if node.weights and node.layer is not index.model]
    own = {node.path: vars(node.layer)["call"] for node in watched if "call" in vars(node.layer)}
    try:
        for node in watched:
            vars(node.layer)["call"] = watching(node.path, node.layer.call)
        yield
    finally:
        for node in watched:
            vars(node.layer).pop("call", None)
            if node.path in own:
                vars(node.layer)["call"] = own[node.path]
