"""Optimizers of tf.keras in checkpoints of objects, against 20 more steps of 1.15.5 and 2.15.1."""

import pathlib

import keras
import numpy as np
import pytest

from tests.shares import share
from tf1compat.checkpoint import open_checkpoint
from tf1compat.keras3 import v1_optimizers
from tf1compat.migration import convert, plan_migration, verify
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

FOLDER = pathlib.Path(__file__).parents[2] / "checkpoint" / "testdata" / "keras_optimizers"
BEFORE, MORE, RATE = 3, 20, 0.01
MOVED = {"momentum": 0.9, "centered": True}
OWN, KERAS = v1_optimizers, keras.optimizers

CASES = {
    "rmsprop_1": (OWN.KerasRMSprop(centered=True), "KerasRMSprop"),
    "rmsprop_moved_1": (OWN.RMSProp(epsilon=1e-7, **MOVED), "RMSProp"),
    "adagrad_1": (OWN.KerasAdagrad(), "KerasAdagrad"),
    "adadelta_1": (OWN.Adadelta(epsilon=1e-7), "Adadelta"),
    "ftrl_1": (KERAS.Ftrl(l1_regularization_strength=0.001), "Ftrl"),
    "amsgrad_1": (KERAS.Adam(amsgrad=True), "KerasAMSGrad"),
    "nadam_1": (OWN.KerasNadam(), "KerasNadam"),
    "named_1": (OWN.Adam(epsilon=1e-7), "Adam"),
    "descent_1": (KERAS.SGD(KERAS.schedules.InverseTimeDecay(RATE, 1, 0.1)), "GradientDescent"),
    "adam_2": (OWN.Adam(epsilon=1e-7), "Adam"),
    "rmsprop_2": (KERAS.RMSprop(**MOVED), "Keras2RMSprop"),
    "adagrad_2": (KERAS.Adagrad(), "Keras2Adagrad"),
    "adadelta_2": (KERAS.Adadelta(), "Keras2Adadelta"),
    "ftrl_2": (KERAS.Ftrl(), "Keras2Ftrl"),
    "adamax_2": (KERAS.Adamax(), "Keras2Adamax"),
    "nadam_2": (OWN.KerasNadam(schedule_decay=1.0), "Keras2Nadam"),
    "sgd_2": (KERAS.SGD(momentum=0.9), "Keras2SGD"),
    "named_2": (KERAS.RMSprop(), "Keras2RMSprop"),
    "scheduled_2": (KERAS.Adam(KERAS.schedules.ExponentialDecay(RATE, 9, 0.5)), "Adam"),
}


def _values(name):
    with np.load(FOLDER / f"of_{name[-1]}.npz") as file:
        return dict(file)


def _net():
    hidden = keras.layers.Dense(3, "tanh", name="hidden")
    return keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(2, name="output")])


def _planned(name, made_like, **asked):
    model = _net()
    made = made_like.from_config(made_like.get_config())
    model.compile(optimizer=made, loss="mse", run_eagerly=True)
    return plan_migration(FOLDER / f"{name}-1", model, **asked), model


@pytest.mark.parametrize("name", share(CASES, 4, kind=lambda name: name[-1]))
def test_training_goes_on(name):
    plan, model = _planned(name, CASES[name][0])
    assert plan.training.family == CASES[name][1]
    assert plan.training.keeps == ()
    assert plan.training.differences == ()
    convert(plan, model)
    assert int(model.optimizer.iterations.numpy()) == BEFORE
    values = _values(name)
    for _ in range(MORE):
        model.train_on_batch(values["features"], values["answers"])
    case, _, _ = name.rpartition("_")
    for layer in model.layers:
        for weight in layer.weights:
            after = values[f"{case}/{layer.name}/{weight.name}"]
            assert_arrays_close(weight, after, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "optimizer", "said"),
    [
        ("rmsprop_1", KERAS.RMSprop(centered=True), "epsilon is added to the root in tf.keras"),
        ("rmsprop_moved_1", OWN.RMSProp(momentum=0.5), "momentum 0.9 in the checkpoint, 0.5 in"),
        ("nadam_1", OWN.KerasNadam(schedule_decay=1.0), "schedule_decay 0.004 in the checkpoint"),
        ("nadam_1", KERAS.Nadam(), "slots of KerasNadam in the checkpoint, Nadam in the model"),
        ("adagrad_2", OWN.KerasAdagrad(), "slots of Keras2Adagrad in the checkpoint"),
        ("descent_1", KERAS.SGD(RATE), "learning rate 0.00769231 at step 3 by the checkpoint"),
    ],
)
def test_what_computes_otherwise_is_said(name, optimizer, said):
    plan, _ = _planned(name, optimizer)
    assert any(said in one.text for one in plan.training.differences)


@pytest.mark.parametrize(("name", "open_to"), [("named_1", True), ("named_2", False)])
def test_an_authors_name_leaves_open_which_of_those_with_such_slots_it_was(name, open_to):
    plan, _ = _planned(name, CASES[name][0], optimizer="use")
    assert ("kind of optimizer" in plan.training.unread) == open_to
    assert "--optimizer_settings=compiled" in str(plan.training.refused[-1])


def test_a_tf2_checkpoint_carries_the_optimizer(tmp_path):
    tf = pytest.importorskip("tensorflow")
    plan, model = _planned("adam_2", KERAS.Adam())
    output = tmp_path / "m.tf2ckpt"
    convert(plan, model, output=output)
    verify(plan, model, output=output).require_equal()
    # what was compiled is restored by what is compiled: all of it, and nothing else
    restored = _net()
    restored.compile(KERAS.Adam(), "mse")
    restored.optimizer.build(restored.trainable_variables)
    written = tf.train.latest_checkpoint(output)
    tf.train.Checkpoint(restored).restore(written).assert_consumed()
    assert int(restored.optimizer.iterations.numpy()) == BEFORE
    stored = open_checkpoint(FOLDER / "adam_2-1")
    slots = {variable.name: variable for variable in restored.optimizer.variables}
    for number, name in enumerate(("momentum", "velocity"), 1):
        (own,) = (one for called, one in slots.items() if called.endswith(f"hidden_kernel_{name}"))
        assert_arrays_equal(own, stored[f"opt/_variables/{number}"].read())
    partial = tf.train.Checkpoint(_net()).restore(written).expect_partial()
    partial.assert_existing_objects_matched()


@pytest.mark.parametrize(
    ("name", "offer"),
    [
        ("rmsprop_1", "KerasRMSprop(learning_rate=0.01, rho=0.9, centered=True)"),
        ("nadam_2", "KerasNadam(learning_rate=0.01, schedule_decay=1.0)"),
    ],
)
def test_what_is_offered_has_what_the_optimizer_kept(name, offer):
    plan, _ = _planned(name, KERAS.Adam())
    computes = f"as 1.15 computed: tf1compat.keras3.v1_optimizers.{offer}"
    assert computes in str(plan) + "\n".join(plan.training.lines())
