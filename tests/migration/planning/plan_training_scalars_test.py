"""Numbers without a telling name that the graph uses for training alone."""

import keras
import pytest
import tensorflow as tf
from v1_programs import saved, without_graph

from tf1compat.graph import layers
from tf1compat.migration import Plan, plan_migration

v1 = tf.compat.v1


def _program():
    """A learning rate and a counter, as char-rnn and NMT have them, and a temperature."""
    rate = tf.Variable(0.1, trainable=False)
    steps = tf.Variable(0, trainable=False)
    temperature = tf.Variable(2.0, trainable=False)
    x = v1.placeholder(tf.float32, [None, 3], "x")
    y = tf.identity(layers.dense(x, 2, name="head") / temperature, name="y")
    adam = v1.train.AdamOptimizer(rate).minimize(
        tf.reduce_sum(y**2), var_list=v1.trainable_variables()
    )
    with tf.control_dependencies([adam]):
        steps.assign_add(1)
    tf.no_op("train")


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("scalars"), _program)


@pytest.fixture(scope="module")
def model():
    x = keras.Input((3,))
    return keras.Model(x, keras.layers.Dense(2, name="head")(x))


def test_what_only_training_uses_is_dropped_and_what_the_outputs_need_is_not(prefix, model):
    plan = plan_migration(prefix, model)
    dropped = {drop.source: drop for drop in plan.drops if drop.kind == "training_scalar"}
    assert set(dropped) == {"Variable", "Variable_1"}
    assert "ApplyAdam" in dropped["Variable"].reason
    assert dropped["Variable_1"].reason == "a number that only training uses (AssignAddVariableOp)"
    assert [problem.name for problem in plan.unexplained] == ["Variable_2"]
    assert Plan.from_json(plan.to_json()) == plan


def test_without_a_graph_nobody_knows(prefix, model):
    plan = plan_migration(without_graph(prefix), model)
    names = {problem.name for problem in plan.unexplained}
    assert names == {"Variable", "Variable_1", "Variable_2"}
