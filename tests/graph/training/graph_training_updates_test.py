"""Freezing and UPDATE_OPS: which updates still move what is frozen, and holding them."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph import freeze, frozen, get_variable, layers, query, unfreeze

v1 = tf.compat.v1
UPDATE_OPS = v1.GraphKeys.UPDATE_OPS
BACKBONE = ["backbone/bn/AssignMovingAvg", "backbone/bn/AssignMovingAvg_1"]
OTHER = ["backbone2/bn/AssignMovingAvg", "backbone2/bn/AssignMovingAvg_1"]


@contextlib.contextmanager
def control_flow(version):
    before = v1.control_flow_v2_enabled()
    (v1.enable_control_flow_v2 if version == 2 else v1.disable_control_flow_v2)()
    try:
        yield
    finally:
        (v1.enable_control_flow_v2 if before else v1.disable_control_flow_v2)()


def updates():
    """Returns the scopes of what UPDATE_OPS hold, by which the ops are told apart."""
    return [op.name.partition("/AssignSub")[0] for op in v1.get_collection(UPDATE_OPS)]


def names(found):
    return [name.partition("/AssignSub")[0] for name in found.names]


def build(training=True, **options):
    """Builds a backbone and another of nearly its name; returns its inputs and a loss."""
    x = v1.placeholder(tf.float32, [None, 4])
    hidden = x
    for scope in ("backbone", "backbone2"):
        with v1.variable_scope(scope):
            hidden = layers.dense(hidden, 4, name="fc")
            hidden = layers.batch_normalization(hidden, training=training, name="bn", **options)
    return x, tf.reduce_mean(layers.dense(hidden, 1, name="head") ** 2)


def train_op(loss):
    with tf.control_dependencies(v1.get_collection(UPDATE_OPS)):
        return v1.train.MomentumOptimizer(0.1, 0.9).minimize(loss)


def changed(session, train, feeds):
    """Returns the names of the variables that a step of training changes."""
    variables = {v.op.name: v for v in v1.global_variables() if "Momentum" not in v.op.name}
    session.run(v1.global_variables_initializer())
    before = session.run(variables)
    session.run(train, feeds)
    after = session.run(variables)
    return {name for name in variables if np.any(before[name] != after[name])}


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize(
    ("training", "resource"),
    [
        ("constant", True),
        ("constant", False),
        ("cond of 1.x", True),
        ("cond of 1.x", False),
        ("cond of today", True),  # which takes no reference variables to write
    ],
)
def test_a_frozen_backbone_stands_still(training, resource):
    with control_flow(2 if training == "cond of today" else 1):
        switch = True if training == "constant" else v1.placeholder_with_default(True, [])
        with v1.variable_scope("", use_resource=resource):
            x, loss = build(switch)
        found = freeze(query().scope("backbone"), updates="hold")
        assert len(found.held) == 2
        assert found.moving.names == ()
        train = train_op(loss)
        with v1.Session() as session:
            moved = changed(session, train, {x: np.random.RandomState(0).randn(8, 4) + 3})
    assert not [name for name in moved if name.startswith("backbone/")]
    assert {"backbone2/bn/moving_mean", "backbone2/bn/moving_variance", "head/kernel"} <= moved


def test_left_alone_they_are_named():
    x, loss = build()
    found = freeze(query().scope("backbone"))
    assert names(found.moving) == BACKBONE
    assert found.held.names == ()
    assert "still moved by 2 in UPDATE_OPS: backbone/bn/AssignMovingAvg" in str(found)
    assert str(found).endswith("freeze(..., updates='hold') holds them")
    with v1.Session() as session:
        moved = changed(session, train_op(loss), {x: np.ones([8, 4], np.float32)})
    assert {name for name in moved if name.startswith("backbone/")} == {
        "backbone/bn/moving_mean",
        "backbone/bn/moving_variance",
    }


def test_trainable_variables_mean_the_statistics_beside_them_too():
    build()
    assert names(freeze(query().scope("backbone").trainable()).moving) == BACKBONE
    assert freeze(query().scope("head")).moving.names == ()


def test_updates_go_back_to_their_places():
    build()
    before = updates()
    assert before == BACKBONE + OTHER
    with frozen(query().scope("backbone"), updates="hold") as found:
        assert names(found.held) == BACKBONE
        assert updates() == OTHER
    assert updates() == before
    freeze(query().scope("backbone"), updates="hold")
    with frozen(query().scope("backbone2"), updates="hold"):
        assert updates() == []
    assert updates() == OTHER
    assert "backbone/bn/gamma" in unfreeze(query().scope("backbone")).names
    assert updates() == before


def test_what_is_frozen_may_be_held_afterwards():
    build()
    freeze(query().scope("backbone"))
    found = freeze(query().scope("backbone"), updates="hold")
    assert (found.names, names(found.held)) == ((), BACKBONE)
    assert freeze(query().scope("backbone"), updates="hold").held.names == ()


def test_statistics_alone():
    build()
    mean = query().named("backbone/bn/moving_mean")
    with pytest.raises(GraphError, match=r"found none among: backbone/bn/moving_mean; .*'hold'"):
        freeze(mean)
    with pytest.raises(GraphError, match="none among: head/average"):
        freeze([v1.get_variable("head/average", [], trainable=False)], updates="hold")
    assert names(freeze(mean, updates="hold").held) == BACKBONE[:1]
    assert updates() == BACKBONE[1:] + OTHER
    assert unfreeze(mean).names == ()
    assert updates() == BACKBONE + OTHER


def test_renormalized_statistics_are_held_too():
    x, loss = build(renorm=True)
    freeze(query().scope("backbone"), updates="hold")
    train = train_op(loss)
    with v1.Session() as session:
        moved = changed(session, train, {x: np.ones([8, 4], np.float32)})
    assert not {name for name in moved if name.startswith("backbone/bn/moving")}


def test_a_later_call_of_the_layer_doesn_t_file_held_updates_again():
    x = v1.placeholder(tf.float32, [None, 4])
    layer = layers.BatchNormalization(name="bn")
    layer(x, training=True)
    freeze(query().scope("bn"), updates="hold")
    layer(x, training=False)
    assert updates() == []


def test_a_train_op_that_runs_them_already_is_named():
    _, loss = build()
    train_op(loss)
    before = updates()
    message = "(?s)nothing was frozen.*AssignMovingAvg.*found run by Momentum and"
    with pytest.raises(GraphError, match=message) as error:
        freeze(query().scope("backbone"), updates="hold")
    assert "freeze before the train op is built" in str(error.value)
    assert len(error.value.problems) == 2
    assert updates() == before
    assert "backbone/bn/gamma" in query().trainable().names
    assert names(freeze(query().scope("backbone")).moving) == BACKBONE


def test_updates_of_any_kind_are_found():
    def step(at):
        return at + tf.cast(table.assign_add(tf.ones([3, 2]) * weight)[0, 0], tf.int32)

    with v1.variable_scope("net"):
        table = get_variable("table", [3, 2], trainable=False)
        counted = get_variable("count", [], trainable=False, use_resource=False)
        rows = get_variable("rows", [3, 2], trainable=False, use_resource=False)
        weight = get_variable("w", [2])
    made = {
        "scatter": v1.scatter_update(table, [0], tf.ones([1, 2])),
        "group": tf.group(v1.assign_add(counted, 1.0)),
        "loop": tf.while_loop(lambda at: at < 3, step, [0])[0],
        "slice": rows[0:1].assign(tf.ones([1, 2])),
        "reading": tf.reduce_sum(table) + counted,
    }
    for update in made.values():
        v1.add_to_collection(UPDATE_OPS, update)
    found = freeze(query().scope("net")).moving
    assert list(found) == [made["scatter"], made["group"], made["loop"], made["slice"]]


def test_an_unknown_policy():
    with pytest.raises(UsageError, match="updates: expected 'leave' or 'hold', found 'held'"):
        freeze(query(), updates="held")
