"""Layers that are used several times, and scopes of which a rule takes members apart."""

import keras
import pytest
import tensorflow as tf
from v1_programs import saved

from tf1compat.graph import layers as graph_layers
from tf1compat.keras3 import index_model
from tf1compat.migration import Status, plan_migration, prove
from tf1compat.names import Rule

v1 = tf.compat.v1
WIDTH = 4
NAMES = ("query", "key", "value", "out")


def _attended(x, dense):
    query, key, value = (dense(x, name) for name in NAMES[:3])
    scores = keras.ops.matmul if keras.backend.is_keras_tensor(x) else tf.matmul
    transpose = keras.ops.transpose if keras.backend.is_keras_tensor(x) else tf.transpose
    told = scores(query, transpose(key, [0, 2, 1]))
    return dense(scores(told, value), "out")


def _blocks():
    """The same block three times over, as ALBERT has it."""
    h = v1.placeholder(tf.float32, [None, 3, WIDTH], "x")
    with v1.variable_scope("encoder", reuse=v1.AUTO_REUSE):
        for _ in range(3):
            h = _attended(h, lambda x, name: graph_layers.dense(x, WIDTH, name=name))


def _model(order):
    """Returns a model of one block, whose layers are made, and listed, in another order."""
    made = {name: keras.layers.Dense(WIDTH, name=f"shared_{name}") for name in order}
    x = h = keras.Input((3, WIDTH))
    for _ in range(3):
        h = _attended(h, lambda x, name: made[name](x))
    return keras.Model(x, h)


@pytest.mark.parametrize("order", [NAMES, ("key", "value", "query", "out")])
def test_a_block_that_is_used_again_is_taken_where_it_is_used_first(order, tmp_path):
    """What a later block is fed by leads back to the first: cut somewhere, it told keys apart."""
    prefix = saved(tmp_path, _blocks)
    keras.utils.clear_session()
    index = index_model(_model(order))
    back = {("shared_out", f"shared_{name}") for name in NAMES[:3]}
    assert index.leading_back == back
    plan = plan_migration(prefix, index)
    pairs = {fill.target: fill.sources for fill in plan.fills}
    assert pairs == {
        f"shared_{name}/{leaf}": (f"encoder/{name}/{leaf}",)
        for name in NAMES
        for leaf in ("kernel", "bias")
    }
    assert set(prove(plan, index).lines.values()) <= {Status.PROVED, Status.NOT_REACHED}


def _conditional_norm():
    x = v1.placeholder(tf.float32, [None, 3], "x")
    kind = v1.placeholder(tf.int32, [None], "kind")
    with v1.variable_scope("cbn"):
        mean, variance = (v1.get_variable(f"moving_{n}", [3]) for n in ("mean", "variance"))
        offset, scale = (v1.get_variable(name, [5, 3]) for name in ("offset", "scale"))
        normed = (x - mean) * v1.rsqrt(tf.exp(variance) + 1e-5)
        tf.add(normed * tf.gather(scale, kind), tf.gather(offset, kind), name="y")


class _ConditionalNorm(keras.layers.Layer):
    def build(self, *shapes):
        for name in ("gamma_table", "beta_table"):
            setattr(self, name, self.add_weight(shape=(5, 3), name=name))
        for name in ("moving_mean", "moving_variance"):
            setattr(self, name, self.add_weight(shape=(3,), name=name, trainable=False))

    def call(self, x, kind):
        normed = (x - self.moving_mean) / keras.ops.sqrt(self.moving_variance + 1e-5)
        gamma, beta = (keras.ops.take(t, kind, 0) for t in (self.gamma_table, self.beta_table))
        return normed * gamma + beta


def test_rules_may_take_a_scope_into_several_modules_of_a_layer(tmp_path):
    prefix = saved(tmp_path, _conditional_norm)
    inputs = [keras.Input((3,), name="x"), keras.Input((), dtype="int32", name="kind")]
    index = index_model(keras.Model(inputs, _ConditionalNorm(name="cbn")(*inputs)))
    names = {"scale": "gamma_table", "offset": "beta_table"}
    rules = [Rule(f"cbn/{one}", f"cbn/{other}") for one, other in names.items()]
    statistics = {f"cbn/moving_{name}" for name in ("mean", "variance")}
    plan = plan_migration(prefix, index, rules)
    found = {fill.target: fill.sources for fill in plan.fills if fill.target in statistics}
    assert found == {name: (name,) for name in statistics}
