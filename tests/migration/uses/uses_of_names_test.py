"""What names say of kernels where no graph does: a deconvolution's is no convolution's."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from v1_programs import saved

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import RuleError
from tf1compat.keras3 import ModelIndex
from tf1compat.migration import plan_migration
from tf1compat.names import Rule

L = keras.layers
SHAPE = (3, 3, 4, 4)


def _planned(folder, scope, layer, rules=()):
    keras.utils.clear_session()
    prefix = str(folder / "model.ckpt")
    write_checkpoint(prefix, {f"{scope}/weights": np.zeros(SHAPE, "f")})
    made = layer(4, 3, padding="same", use_bias=False, name="smooth")
    return plan_migration(prefix, keras.Sequential([keras.Input((8, 8, 4)), made]), rules)


@pytest.mark.parametrize(
    ("scope", "layer", "filled"),
    [
        ("g/deconv2", L.Conv2D, False),
        ("conv2d_transpose_1", L.Conv2D, False),
        ("Conv2d_transpose", L.Conv2DTranspose, True),
        ("conv2d_3", L.Conv2DTranspose, False),
        ("Conv", L.Conv2D, True),
        ("up1", L.Conv2DTranspose, True),
    ],
)
def test_kinds_by_their_names(scope, layer, filled, tmp_path):
    plan = _planned(tmp_path, scope, layer)
    assert plan.complete == filled
    if not filled:
        (problem,) = plan.unfilled
        assert "transposed convolution" in str(problem)


def test_a_rule_has_to_say_that_it_is_meant(tmp_path):
    with pytest.raises(RuleError, match="equal shape isn't equal arithmetic"):
        _planned(tmp_path, "deconv1", L.Conv2D, [Rule("deconv1/weights", "smooth/kernel")])
    rule = Rule("deconv1/weights", "smooth/kernel", layout="identity")
    (tmp_path / "told").mkdir()
    assert _planned(tmp_path / "told", "deconv1", L.Conv2D, [rule]).complete


class Scores(keras.layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(4, 4), name="kernel")

    def call(self, x):
        return keras.ops.matmul(x, self.kernel)


@pytest.mark.parametrize("read", [True, False])
def test_a_square_kernel_of_a_layer_that_is_not_read_is_asked_about(read, tmp_path, monkeypatch):
    """As by JAX and torch, which have no graph of a user's own layer."""

    def program():
        x = tf.compat.v1.placeholder(tf.float32, [None, 4], "x")
        weights = tf.compat.v1.get_variable("output_weights", [4, 4])
        tf.matmul(x, weights, transpose_b=True, name="y")

    if not read:
        monkeypatch.setattr(ModelIndex, "graph_of", lambda self, layer: None)
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((4,)), Scores(name="scores")])
    prefix = saved(tmp_path, program)
    plan = plan_migration(prefix, model)
    if read:
        assert [fill.layout for fill in plan.fills] == ["transpose(1, 0)"]
        return
    (problem,) = plan.unfilled
    assert "layout='transpose(1, 0)' if the layer multiplies by it as it stands" in str(problem)
    with pytest.raises(RuleError, match="by whose transpose the v1 graph multiplies"):
        plan_migration(prefix, model, [Rule("output_weights", "scores/kernel")])
    rule = Rule("output_weights", "scores/kernel", layout="transpose(1, 0)")
    assert plan_migration(prefix, model, [rule]).complete


@pytest.mark.parametrize("leaf", ["softmax_w", "kernel"])
def test_a_square_kernel_of_classes_is_asked_about_without_a_graph(leaf, tmp_path):
    """Sampled losses have a row a class, and PTB's softmax_w a column."""
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((4,)), L.Dense(4, use_bias=False, name="scores")])
    write_checkpoint(tmp_path / "m.ckpt", {f"model/{leaf}": np.zeros((4, 4), "f")})
    plan = plan_migration(tmp_path / "m.ckpt", model)
    if leaf == "kernel":
        assert plan.complete
        return
    (problem,) = plan.unfilled
    assert "whether v1 multiplies by it or by its transpose" in str(problem)
    for layout in ("identity", "transpose(1, 0)"):
        rule = Rule(f"model/{leaf}", "scores/kernel", layout=layout)
        assert plan_migration(tmp_path / "m.ckpt", model, [rule]).complete
