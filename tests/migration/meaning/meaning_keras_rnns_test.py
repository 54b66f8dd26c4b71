"""Recurrent layers of 1.15.5's own ``tf.keras``, saved by its v1 Saver: no layout, no rule."""

import pathlib
import shutil

import keras
import pytest
from v1_programs import without_graph

from tf1compat.migration import convert, load_recording, plan_migration, verify
from tf1compat.names import Rule

GOLDEN = pathlib.Path(__file__).parents[2] / "goldens" / "keras_rnns"
L = keras.layers


def as_in_1_15(x):
    """1.15's hard_sigmoid; Keras 3's has a slope of 1/6."""
    return keras.ops.clip(0.2 * x + 0.5, 0, 1)


def model(hard_sigmoid):
    keras.utils.clear_session()
    x = keras.Input((4, 2), name="x")
    layers = [
        L.LSTM(3),
        L.LSTM(3, recurrent_activation=hard_sigmoid),
        L.GRU(3, reset_after=False),
        L.GRU(3),
        L.SimpleRNN(3),
        L.Bidirectional(L.LSTM(3, return_sequences=True)),
        L.RNN([L.LSTMCell(3), L.LSTMCell(3)]),
    ]
    return keras.Model(x, [layer(x) for layer in layers])


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rnns")
    for path in GOLDEN.glob("model.ckpt.*"):
        shutil.copy(path, folder)
    return without_graph(folder / "model.ckpt")


@pytest.mark.parametrize("graph", ["with its graph", "without"])
def test_they_compute_what_1_15_5_computed(graph, bare):
    made = model(as_in_1_15)
    # Two layers side by side, which a program may make in any order: that is for the user to say.
    rules = [Rule(scope="lstm_1", layer="lstm_1")]
    plan = plan_migration(GOLDEN if graph == "with its graph" else bare, made, rules)
    assert plan.complete
    assert {fill.layout for fill in plan.fills} == {"identity"}
    sources = {fill.target: fill.sources for fill in plan.fills}
    assert sources["rnn/cell/cells_1/kernel"] == ("rnn/kernel_1",)
    convert(plan, made)
    recording = load_recording(GOLDEN / "io.npz")
    assert verify(plan, made, recording=recording, tolerance=1e-6).equal
