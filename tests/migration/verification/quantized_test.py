"""Graphs of quantization-aware training: what is rounded, and within which ranges."""

import pathlib
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from v1_programs import without_graph

from tf1compat.migration import convert, plan_migration, prove

GOLDENS = pathlib.Path(__file__).parents[2] / "goldens/quantized"
RANGES = {
    f"{layer}/{what}_quant/{end}"
    for layer in ("conv", "scores")
    for what in ("weights", "act")
    for end in ("min", "max")
}
L = keras.layers


class Rounded(L.Layer):
    """Rounds as the v1 graph does, within ranges that are its own weights."""

    def __init__(self, *, narrow=False, **options):
        super().__init__(**options)
        self.narrow = narrow

    def build(self, shape):
        self.low = self.add_weight(shape=(), name="min", trainable=False)
        self.high = self.add_weight(shape=(), name="max", trainable=False)

    def call(self, x):
        return tf.quantization.fake_quant_with_min_max_vars(
            x, self.low, self.high, narrow_range=self.narrow
        )


def in_float():
    x = keras.Input((5, 5, 2), name="images")
    h = L.Conv2D(3, 3, use_bias=False, name="conv")(x)
    h = L.ReLU()(L.BatchNormalization(epsilon=1e-3, name="norm")(h))
    return keras.Model(x, L.Dense(2, name="scores")(L.GlobalAveragePooling2D()(h)))


def rounded():
    """As `tf.contrib.quantize` folds it, with weights in the layers that round."""
    x = keras.Input((5, 5, 2), name="images")

    class Folded(L.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(3, 3, 2, 3), name="kernel")
            self.norm = L.BatchNormalization(epsilon=1e-3, name="norm")
            self.norm.build((None, 3, 3, 3))
            self.quant = Rounded(narrow=True, name="weights_quant")

        def call(self, x):
            norm = self.norm
            scale = norm.gamma * keras.ops.rsqrt(norm.moving_variance + norm.epsilon)
            y = keras.ops.conv(x, self.quant(self.kernel * scale), padding="valid")
            return y + norm.beta - norm.moving_mean * scale

    class Scores(L.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(3, 2), name="kernel")
            self.bias = self.add_weight(shape=(2,), name="bias")
            self.quant = Rounded(narrow=True, name="weights_quant")

        def call(self, x):
            return keras.ops.matmul(x, self.quant(self.kernel)) + self.bias

    h = Rounded(name="conv_act_quant")(L.ReLU()(Folded(name="conv")(x)))
    return keras.Model(
        x, Rounded(name="scores_act_quant")(Scores(name="scores")(L.GlobalAveragePooling2D()(h)))
    )


@pytest.fixture(scope="module", params=["training", "inference"])
def prefix(request):
    return GOLDENS / request.param / "model.ckpt"


def _plan(prefix, model):
    keras.utils.clear_session()
    made = model()
    return plan_migration(prefix, made), made


def _apart(model, record):
    with np.load(record) as io:
        return float(np.abs(model(io["in/images"]).numpy() - io["out/scores"]).max())


def test_a_model_without_ranges_leaves_them_behind_and_is_proved_without_rounding(prefix):
    plan, model = _plan(prefix, in_float)
    dropped = {drop.source for drop in plan.drops if drop.kind == "range"}
    assert plan.complete
    assert dropped == RANGES
    proof = prove(plan, model)
    assert str(proof).startswith("7 weights: 7 proved")
    assert any("4 quantizations of the graph" in note for note in proof.notes)
    convert(plan, model)
    assert _apart(model, prefix.parent / "io.npz") < 1e-6


def test_names_tell_ranges_where_there_is_no_graph(prefix, tmp_path):
    copied = shutil.copytree(prefix.parent, tmp_path / "copy") / prefix.name
    plan, _ = _plan(without_graph(copied), in_float)
    assert plan.complete, str(plan)
    assert {drop.source for drop in plan.drops if drop.kind == "range"} == RANGES


def test_a_model_that_rounds_takes_them_and_is_compared_with_rounding(prefix):
    plan, model = _plan(prefix, rounded)
    assert plan.complete, str(plan)
    assert not any(drop.kind == "range" for drop in plan.drops)
    proof = prove(plan, model)
    assert proof.agrees
    assert not any("left out" in note for note in proof.notes)
    convert(plan, model)
    assert _apart(model, GOLDENS / "inference/rounded.npz") < 1e-6
    assert _apart(model, GOLDENS / "inference/io.npz") > 1e-3
