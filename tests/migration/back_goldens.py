"""Goldens with the models that have to compute the same, to be tuned and brought back."""

import dataclasses
import importlib
import json
import pathlib
import sys
from collections.abc import Callable

import cell_goldens
import keras
import meaning_goldens
import numpy as np
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint
from tf1compat.keras3 import index_model, run_model
from tf1compat.keras3.models.running import output_arrays, output_names
from tf1compat.migration import load_recording, plan_migration
from tf1compat.migration.verification.outputs import name_outputs
from tf1compat.testing import assert_arrays_equal

L = keras.layers
ROOT = pathlib.Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "goldens"


@dataclasses.dataclass(frozen=True)
class Pair:
    """A checkpoint with its graph, and a model for it.

    Attributes:
      folder: that of the golden.
      build: returns the model.
      rules: a file of rules, or none.
      record: the inputs and outputs that were recorded.
      asked: returns what a SavedModel is asked for recorded inputs, where it serves others.
    """

    folder: pathlib.Path
    build: Callable[[], keras.Model]
    rules: object = ()
    record: str = "io.npz"
    asked: Callable[[dict], dict] = dict

    def planned(self):
        """Returns a new model's index, and the plan for it."""
        index = index_model(self.build())
        return index, plan_migration(self.folder, index, self.rules)

    def recording(self):
        return load_recording(self.folder / self.record)


def _example(path):
    expected = json.loads(path.read_text())
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    module, _, name = expected["model"].partition(":")
    rules = ROOT / expected["rules"] if expected["rules"] else ()
    build = lambda: getattr(importlib.import_module(module), name)()  # noqa: E731
    return Pair(GOLDENS / expected["golden"], build, rules, expected["record"])


def _meaning(name, golden):
    return Pair(meaning_goldens.GOLDENS / (golden.folder or name), lambda: golden.model().model)


def _cell(name, layers):
    shape = {"conv_lstm_1d": (4, 5, 3), "conv_lstm_2d": (4, 5, 4, 3)}.get(name, (4, 3))
    build = lambda: cell_goldens.model(layers(), shape).model  # noqa: E731
    return Pair(cell_goldens.GOLDENS / name, build)


def _cudnn():
    """Returns the model of the CuDNN goldens: LSTMs and GRUs, two of each."""
    x = keras.Input((5, 3), name="x")
    both = [L.Bidirectional(L.LSTM(4, return_sequences=True)) for _ in range(2)]
    grus = [L.GRU(4, return_sequences=True) for _ in range(2)]
    return keras.Model(x, [both[1](both[0](x)), grus[1](grus[0](x))])


def _scores():
    """Returns the model of the golden that is a SavedModel."""
    x = keras.Input((6,), name="pixels")
    y = L.BatchNormalization(name="bn")(L.Dense(8, name="first")(x))
    y = L.Dense(4, use_bias=False, name="last")(L.ReLU()(y))
    return keras.Model(x, {"logits": y, "scores": L.Softmax()(y)})


def words_classified():
    """Returns the model of the golden with a table of words."""
    x = keras.Input((3,), dtype="int64", name="ids")
    y = L.Reshape((3, 1, 4))(L.Embedding(6, 4, name="table")(x))
    y = L.Flatten()(L.BatchNormalization(epsilon=1e-3, name="norm")(y))
    y = L.Dense(6, activation="relu", name="hidden")(y)
    return keras.Model(x, L.Dense(2, activation="softmax", name="classes")(y))


def pictures_classified():
    """Returns the model of the golden that is a training graph with a norm of each kind."""
    x = images = keras.Input((8, 8, 3), name="images")
    x = L.BatchNormalization(epsilon=1e-3, name="fused_norm")(L.Conv2D(6, 3, name="conv1")(x))
    x = L.Conv2D(8, 3, 2, "same", use_bias=False, name="conv2")(L.ReLU()(x))
    x = L.ReLU()(L.BatchNormalization(epsilon=1e-3, name="plain_norm")(x))
    x = L.Dense(10, use_bias=False, name="hidden")(L.Flatten()(x))
    x = L.ReLU()(L.BatchNormalization(epsilon=1e-3, name="hidden_norm")(x))
    return keras.Model(images, L.Dense(4, name="scores")(x))


def in_words(inputs):
    """Returns the words of recorded ids; what the vocabulary lacks has the last."""
    known = (GOLDENS / "vocabulary" / "words.txt").read_text().split()
    return {"text": np.array([*known, "new"])[inputs["ids"]]}


SERVED = {
    "vocabulary": Pair(GOLDENS / "vocabulary", words_classified, asked=in_words),
    "training_graph": Pair(GOLDENS / "training_graph", pictures_classified),
}
"""Those whose graphs compute otherwise as they stand, for they train: not so as SavedModels."""
PAIRS = {
    "cudnn_canonical": Pair(GOLDENS / "cudnn_canonical", _cudnn),
    "cudnn_opaque": Pair(GOLDENS / "cudnn_opaque", _cudnn),
    "saved_model": Pair(GOLDENS / "saved_model", _scores),
    **{name: _meaning(name, one) for name, one in meaning_goldens.MEANINGS.items()},
    **{name: _cell(name, layers) for name, (_, layers) in cell_goldens.CELLS.items()},
    **{path.stem: _example(path) for path in sorted((GOLDENS / "expected").glob("*.json"))},
}
TIED = ("tied",)  # two weights of what is one: they differ once they are tuned apart


def tune(index, inputs, rate=0.05):
    """Takes a step of gradient descent to other outputs; statistics, which have none, grow."""
    model, rng = index.model, np.random.default_rng(1155)
    with tf.GradientTape() as tape:
        outputs = keras.tree.flatten(run_model(model, inputs))
        aims = [np.asarray(y) + rng.normal(size=y.shape).astype("float32") for y in outputs]
        loss = sum(tf.reduce_mean(tf.square(y - aim)) for y, aim in zip(outputs, aims, strict=True))
    weights = model.trainable_weights
    for weight, step in zip(weights, tape.gradient(loss, weights), strict=True):
        if step is not None:
            weight.assign(weight.value - rate * tf.convert_to_tensor(step))
    for weight in model.non_trainable_weights:
        if keras.backend.is_float_dtype(weight.dtype):
            weight.assign(weight.value * 1.03)


def outputs_of(index, recording):
    """Returns what a model computes of recorded inputs, by the names of recorded outputs."""
    values = output_arrays(index.model, recording.inputs)
    return name_outputs(values, list(recording.outputs), own=output_names(index.model))


def assert_same_tensors(one, other):
    """Requires two checkpoints of the same names, dtypes, slices and bits."""
    left, right = open_checkpoint(one), open_checkpoint(other)
    assert list(left) == list(right)
    for name, entry in left.items():
        assert (entry.dtype_name, entry.slices) == (right[name].dtype_name, right[name].slices)
        assert_arrays_equal(entry.read(), right[name].read())
