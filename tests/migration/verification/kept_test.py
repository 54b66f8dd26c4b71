"""Weights that keep their initial values: what is before them is proved, what is behind says so."""

import keras
import pytest
import tensorflow as tf
from small_graphs import dense, saved_to, v1

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import PlanError
from tf1compat.keras3 import build_model, index_model
from tf1compat.migration import Status, plan_migration, prove
from tf1compat.names import Rule

L = keras.layers


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A hidden layer with a norm that doesn't scale, another, and a head of three."""
    prefix = tmp_path_factory.mktemp("kept") / "model.ckpt"
    with saved_to(prefix):
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        h = dense(x, 6, "hidden")
        with v1.variable_scope("norm"):
            mean = v1.get_variable("moving_mean", [6], initializer=v1.ones_initializer())
            variance = v1.get_variable("moving_variance", [6], initializer=v1.ones_initializer())
            beta = v1.get_variable("beta", [6], initializer=v1.zeros_initializer())
            h = (h - mean) * tf.math.rsqrt(variance + 1e-3) + beta
        h = tf.nn.relu(dense(tf.nn.relu(h), 5, "second"))
        dense(h, 3, "scores")
    return open_checkpoint(prefix)


def model_of(classes):
    def model():
        x = keras.Input((4,), name="x")
        h = L.BatchNormalization(epsilon=1e-3, name="norm")(L.Dense(6, name="hidden")(x))
        h = L.Dense(5, activation="relu", name="second")(L.ReLU()(h))
        return keras.Model(x, L.Dense(classes, name="scores")(h))

    return index_model(build_model(model))


KEPT_SCALE = Rule(target="norm/gamma", keep="the norm of the v1 graph doesn't scale")


def test_a_kept_weight_that_changes_nothing_has_its_initial_value(checkpoint):
    index = model_of(3)
    plan = plan_migration(checkpoint, index, [KEPT_SCALE])
    proof = prove(plan, index, checkpoint=checkpoint)
    assert [one.name for one in proof.outputs] == ["scores/out:0"]
    assert str(proof) == "9 weights: 9 proved"
    assert proof.reasons == {}


def test_what_is_before_a_new_head_is_proved_by_its_own_outputs(checkpoint):
    index = model_of(7)
    rules = [
        KEPT_SCALE,
        Rule(target="scores/.*", keep="a new task"),
        Rule("scores/.*", drop="an old task"),
    ]
    plan = plan_migration(checkpoint, index, rules)
    assert plan.complete, str(plan)
    proof = prove(plan, index, checkpoint=checkpoint)
    assert len(proof.outputs) == 1  # the second layer's
    assert str(proof) == "7 weights: 7 proved"


def test_a_bias_that_comes_from_the_checkpoint_is_behind_the_kernel_that_is_kept(checkpoint):
    index = model_of(3)
    kept = Rule(target="scores/kernel", keep="a new task")
    rules = [KEPT_SCALE, kept, Rule("scores/kernel", drop="an old task")]
    proof = prove(plan_migration(checkpoint, index, rules), index, checkpoint=checkpoint)
    assert proof.lines["scores/bias"] is Status.NOT_REACHED
    assert proof.reasons["scores/bias"] == "behind scores/kernel, which is kept"


@pytest.mark.parametrize(("activation", "agrees"), [("relu", True), ("elu", False)])
def test_an_output_beside_a_new_head_is_compared_whole(activation, agrees, checkpoint):
    """That it differs isn't hidden by what agrees before it."""

    def model():
        x = keras.Input((4,), name="x")
        norm = L.BatchNormalization(epsilon=1e-3, scale=False, name="norm")
        h = norm(L.Dense(6, name="hidden")(x))
        h = L.Dense(5, activation=activation, name="second")(L.ReLU()(h))
        return keras.Model(x, {"features": h, "task": L.Dense(7, name="task")(h)})

    index = index_model(build_model(model))
    rules = [Rule(target="task/.*", keep="a new task"), Rule("scores/.*", drop="an old task")]
    proof = prove(plan_migration(checkpoint, index, rules), index, checkpoint=checkpoint)
    assert proof.agrees is agrees
    assert len(proof.outputs) == 1
    assert (proof.count(Status.PROVED) == 7) is agrees


def test_an_incomplete_plan_is_not_run(checkpoint):
    index = model_of(7)
    plan = plan_migration(checkpoint, index)
    with pytest.raises(PlanError, match="plan incomplete"):
        prove(plan, index, checkpoint=checkpoint)
