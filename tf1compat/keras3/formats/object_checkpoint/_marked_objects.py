"""An object-based checkpoint as TensorFlow lays it out, with marks where weights' values go.

TensorFlow alone knows by which attributes it finds a variable, and so what it calls a value. So it
saves the model, with tiny variables in place of the weights' values: a ``keras.StatelessScope``
gives each variable another value for as long as it is open. Weights without values serve as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from tf1compat.checkpoint import open_checkpoint
from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.errors import ModelError, Problem
from tf1compat.files.scratch import tidied
from tf1compat.keras3.formats.hdf5.disk_errors import disk_error, naming_scratch
from tf1compat.keras3.formats.hdf5.skeleton import mark_shape, marked_number
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.optimizer_index import OptimizerIndex
from tf1compat.keras3.index.weights import Weight
from tf1compat.names.first_line import first_line
from tf1compat.stopping import contained

__all__ = ["marked_checkpoint", "marked_keys"]


def marked_checkpoint(
    index: ModelIndex, prefix: str, optimizer: OptimizerIndex | None
) -> Checkpoint:
    """Has TensorFlow write a checkpoint of the model's objects, and returns it, opened.

    Args:
      index: the model's index; its weights are neither read nor changed.
      prefix: of the scratch files to write; TensorFlow adds a number.
      optimizer: the model's, where its variables are to be marked as well.

    Raises:
      ModelError: TensorFlow can't save this model, or doesn't find one of its weights; all of them
        are named.
      OSError: the disk is full, or fails.
    """
    marked = _to_mark(index, optimizer)
    try:
        with naming_scratch(prefix), tidied(), contained():
            written = _write(index, prefix, marked)
    except Exception as error:
        if isinstance(error, OSError) or disk_error(error, "") is not None:
            raise
        raise ModelError(
            f"{index.model.name} ({type(index.model).__name__}): TensorFlow can't save this "
            f"model's objects: {type(error).__name__}: {first_line(error, otherwise='no message')}"
        ) from error
    found = open_checkpoint(written)
    _require_all(marked, marked_keys(index, found, optimizer))
    return found


def marked_keys(
    index: ModelIndex, found: Checkpoint, optimizer: OptimizerIndex | None
) -> dict[str, str]:
    """Returns the key of each weight that a checkpoint has a mark of, by the weight's path."""
    paths = [weight.path for weight in _to_mark(index, optimizer)]
    numbers = {e.stored_key: marked_number(e.shape) for e in found.values()}
    return {paths[number]: key for key, number in numbers.items() if number is not None}


def _to_mark(index: ModelIndex, optimizer: OptimizerIndex | None) -> list[Weight]:
    """Returns the weights, and what the optimizer keeps, in the order of their numbers."""
    kept = [] if optimizer is None else [one.weight for one in optimizer.values()]
    return [*index.values(), *kept]


def _write(index: ModelIndex, prefix: str, marked: Sequence[Weight]) -> Any:
    import tensorflow as tf

    scope = keras.StatelessScope(initialize_variables=False)
    numbers = {id(weight.variable): number for number, weight in enumerate(marked)}
    with scope:
        for one in tf.train.TrackableView(index.model).descendants():
            if isinstance(one, keras.Variable):
                number = numbers.get(id(one))
                value: Any = one.value
                if number is not None:
                    value = tf.zeros(mark_shape(number), marked[number].dtype)
                scope.add_update((one, tf.Variable(value, name=one.path)))
        # `save` and not `write`: what `restore` consumes has a counter of saves.
        return tf.train.Checkpoint(index.model).save(prefix)


def _require_all(marked: Iterable[Weight], keys: dict[str, str]) -> None:
    """Does nothing where every weight was marked, those of random generators aside."""
    problems = [
        Problem(
            weight.path,
            "to be found by tf.train.Checkpoint(model)",
            "that it follows no attribute there, as it follows none into Keras' lists",
            weight.layer_name,
            "write another format, or have the layer be an attribute",
        )
        for weight in marked
        if weight.kind != "state" and weight.path not in keys
    ]
    if problems:
        raise ModelError.from_problems(
            f"{len(problems)} weight(s) that tf.train.Checkpoint(model) leaves out",
            problems,
        )
