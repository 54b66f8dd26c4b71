"""Optimizers in checkpoints of objects, against 20 more steps that TensorFlow 1.15.5 took."""

import pathlib

import keras
import numpy as np
import pytest

from tf1compat.keras3 import v1_optimizers
from tf1compat.migration import convert, plan_migration
from tf1compat.testing import assert_arrays_close

TESTDATA = pathlib.Path(__file__).parents[2] / "checkpoint" / "testdata"
FOLDER = TESTDATA / "trained_objects"
BEFORE, MORE = 3, 20  # steps


@pytest.fixture(scope="module")
def values():
    with np.load(FOLDER.with_suffix(".npz")) as file:
        return {name: value.astype("float32") for name, value in file.items()}


def _planned(name, optimizer):
    hidden = keras.layers.Dense(3, "tanh", name="hidden")
    output = keras.layers.Dense(2, name="output")
    model = keras.Sequential([keras.Input((4,)), hidden, output])
    model.compile(optimizer=optimizer, loss="mse")
    return plan_migration(FOLDER / f"{name}-1", model), model


@pytest.mark.skipif(
    keras.config.backend() in ("numpy", "openvino"), reason="Keras doesn't train there"
)
@pytest.mark.parametrize(
    ("name", "make", "family", "kept"),
    [
        ("adam", lambda: v1_optimizers.Adam(epsilon=1e-7), "Adam", 0),
        ("sgd", lambda: keras.optimizers.SGD(momentum=0.9), "KerasMomentum", 0),
        ("v1_adam", lambda: v1_optimizers.Adam(0.01, epsilon=1e-7), "Adam", 1),
        ("v1_momentum", lambda: v1_optimizers.Momentum(0.01, momentum=0.9), "Momentum", 1),
    ],
)
def test_training_goes_on_as_in_1_15(values, name, make, family, kept):
    plan, model = _planned(name, make())
    assert plan.training.family == family
    assert [keep.target for keep in plan.training.keeps] == ["optimizer/learning_rate"][:kept]
    convert(plan, model)
    assert int(model.optimizer.iterations.numpy()) == BEFORE
    for _ in range(MORE):
        model.train_on_batch(values["features"], values["answers"])
    for layer in model.layers:
        for weight in layer.weights:
            after = values[f"{name}/{layer.name}/{weight.name}"]
            assert_arrays_close(weight, after, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "make"),
    [("adamax", v1_optimizers.Adam), ("adamax", keras.optimizers.Adam)],
)
def test_slots_of_another_that_are_called_alike_are_not_taken(name, make):
    plan, _ = _planned(name, make(0.01))
    assert plan.training.family == ""
    assert not plan.training.fills


def test_the_sum_of_gradients_is_not_taken_for_the_momentum_of_keras():
    plan, _ = _planned("v1_momentum", keras.optimizers.SGD(0.01, momentum=0.9))
    assert "multiplies the sum of gradients in the v1 graph" in str(plan)
