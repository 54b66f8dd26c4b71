"""What 1.x's norms keep for training alone: batch renormalization's corrections."""

import keras
import pytest
import tensorflow as tf
from v1_programs import saved, without_graph

from tf1compat.migration import dropped_lines, plan_migration

v1 = tf.compat.v1
OF_RENORM = ("moving_stddev", "renorm_mean", "renorm_stddev")


def _program():
    """The variables of ``tf.layers.batch_normalization(x, renorm=True)``, as 1.15 names them."""
    x = v1.placeholder(tf.float32, [None, 3], "x")
    ours = ("gamma", "beta", "moving_mean", "moving_variance")
    gamma, beta, mean, variance = (v1.get_variable(f"bn/{n}", [4]) for n in ours)
    for leaf in OF_RENORM:
        v1.get_variable(f"bn/{leaf}", [4])
    h = tf.matmul(x, v1.get_variable("fc/kernel", [3, 4]))
    tf.nn.batch_normalization(h, mean, variance, beta, gamma, 1e-3, name="y")


class Renorm(keras.layers.Layer):
    def build(self, shape):
        for leaf in (*OF_RENORM, "gamma", "beta", "moving_mean", "moving_variance"):
            self.add_weight(shape=(4,), name=leaf)

    def call(self, x):
        return x


@pytest.fixture(scope="module", params=["graph", "bare"])
def prefix(request, tmp_path_factory):
    prefix = saved(tmp_path_factory.mktemp("renorm"), _program)
    return prefix if request.param == "graph" else without_graph(prefix)


def _planned(prefix, norm):
    keras.utils.clear_session()
    dense = keras.layers.Dense(4, use_bias=False)
    return plan_migration(prefix, keras.Sequential([keras.Input((3,)), dense, norm]))


def test_it_is_left_behind(prefix):
    plan = _planned(prefix, keras.layers.BatchNormalization())
    assert plan.complete, str(plan)
    assert {drop.source for drop in plan.drops} == {f"bn/{leaf}" for leaf in OF_RENORM}
    assert "batch renormalization" in "\n".join(dropped_lines(plan))


def test_it_is_taken_by_a_layer_that_has_it(prefix):
    plan = _planned(prefix, Renorm(name="norm"))
    assert not plan.drops
    taken = {fill.target: fill.sources for fill in plan.fills}
    assert taken["norm/renorm_mean"] == ("bn/renorm_mean",)
