"""A model that computes with given values, its own weights untouched, for as long as it is held.

Within a ``keras.StatelessScope`` each variable has the value that the scope has for it. Here that
is a TensorFlow variable: what is traced within reads it, and a SavedModel of it holds it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from tf1compat.errors import ModelError, Problem
from tf1compat.files.dtypes import half_rounding
from tf1compat.files.manifest import TensorDigest, tensor_digest
from tf1compat.keras3.formats.hdf5.disk_errors import disk_error
from tf1compat.keras3.formats.weight_values import ReadWeight, all_values
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.models.running import output_arrays
from tf1compat.names.first_line import first_line
from tf1compat.stopping import contained

__all__ = ["HeldModel", "held"]


class HeldModel:
    """A model within the scope that gives its weights their values.

    Attributes:
      index: of the model.
      digests: of the values, in order.
    """

    def __init__(self, index: ModelIndex, values: Mapping[str, Any], scope: Any) -> None:
        self.index = index
        self.digests: list[TensorDigest] = []
        self._values = values
        self._scope = scope

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the model calls its inputs, in its order; () where it doesn't say."""
        return tuple(one.name for one in keras.tree.flatten(_symbols(self.index.model)))

    @property
    def batch(self) -> int | None:
        """How many rows all inputs of the model have; None for any number, or if it isn't said."""
        sizes = {one.shape[0] for one in keras.tree.flatten(_symbols(self.index.model))}
        return sizes.pop() if len(sizes) == 1 else None

    @property
    def rounding(self) -> float:
        """How far its outputs may be from the same computed elsewhere, relative to their scale."""
        layers = (node.layer for node in self.index.layers)
        return max((half_rounding(layer.compute_dtype) for layer in layers), default=0.0)

    def outputs(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Returns what the model computes in inference mode, its outputs flattened."""
        with self._scope:
            return list(keras.tree.flatten(output_arrays(self.index.model, inputs)))

    def export(self, path: str, *, batch: str = "any") -> None:
        """Has Keras write the model to a SavedModel.

        Args:
          path: where it is to be.
          batch: ``"any"`` for a program that takes batches of any size, ``"own"`` for one that
            takes those alone that the model's inputs say, if they do.

        Raises:
          ModelError: Keras can't, or the model assigns to its weights as it computes: that is lost.
          OSError: the disk is full, or fails.
        """
        try:
            with self._scope, contained():
                self.index.model.export(
                    path,
                    format="tf_saved_model",
                    verbose=False,
                    input_signature=_signature(self.index.model, batch),
                )
        except Exception as error:
            if isinstance(error, OSError):
                raise
            if full := disk_error(error, path):  # it isn't the model's fault
                raise OSError(full.errno, full.strerror) from error
            self._require_unchanged()
            raise ModelError(
                f"{self.index.model.name} ({type(self.index.model).__name__}): Keras can't export "
                f"this model: {type(error).__name__}: {first_line(error, otherwise='no message')}"
            ) from error
        self._require_unchanged()

    def _require_unchanged(self) -> None:
        now = self._scope.get_current_value
        problems = [
            Problem(path, "to stay as it is in inference", "an assignment to it")
            for path, value in self._values.items()
            if now(self.index[path].variable) is not value
        ]
        if problems:
            raise ModelError.from_problems(
                "the model assigns to weights as it computes, which an exported one would not:",
                problems,
            )


@contextlib.contextmanager
def held(index: ModelIndex, read: ReadWeight) -> Iterator[HeldModel]:
    """Yields the model with the values that `read` gives; all of them are in memory.

    Raises:
      ModelError: Keras runs on another backend, the layer is no model, or a value doesn't fit.
    """
    _require_exportable(index)
    import tensorflow as tf

    scope = keras.StatelessScope(initialize_variables=False)
    values: dict[str, Any] = {}
    digests = []
    for weight, value in all_values(index, read):
        with tf.device("CPU"):
            held_value = tf.Variable(value, trainable=weight.trainable, name=weight.keras_path)
        values[weight.path] = held_value
        digests.append(TensorDigest(weight.path, weight.shape, weight.dtype, tensor_digest(value)))
        scope.add_update((weight.variable, held_value))
    made = HeldModel(index, values, scope)
    made.digests = digests
    yield made


def _symbols(model: Any) -> Any:
    """Returns the symbols that a model was built with; () where it was called with numbers."""
    try:
        return model.input
    except (AttributeError, ValueError):
        return ()


def _signature(model: Any, batch: str) -> Any:
    """Returns what a model's inputs are, as `export` takes it; None where it doesn't say.

    Of a subclassed model Keras would look at their shapes alone, and take all for real numbers.
    """

    def spec(one: Any) -> keras.InputSpec:
        size = one.shape[0] if batch == "own" else None
        return keras.InputSpec(shape=(size, *one.shape[1:]), dtype=one.dtype, name=one.name)

    symbols = _symbols(model)
    return [keras.tree.map_structure(spec, symbols)] if keras.tree.flatten(symbols) else None


def _require_exportable(index: ModelIndex) -> None:
    if not isinstance(index.model, keras.Model):
        kind = type(index.model).__name__
        raise ModelError(
            f"expected a keras.Model to export, found the layer {kind}; wrap it in one"
        )
