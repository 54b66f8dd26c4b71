"""CuDNN's buffers beside their canonical form, and which stack of a model one is."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.migration import convert, load_recording, plan_migration, verify

v1 = tf.compat.v1
GOLDENS = pathlib.Path(__file__).parents[2] / "goldens"
UNITS, STEPS = 4, 5
AS_LARGE = 2 * 4 * UNITS * (2 * UNITS + 2)
"""Numbers of two LSTMs, each as wide as its input, or of one in both directions."""
L = keras.layers


def lstm(**options):
    return L.LSTM(UNITS, return_sequences=True, **options)


def gru():
    return L.GRU(UNITS, return_sequences=True)


def branches(*stacks, inputs=UNITS):
    """Returns a model of stacks of layers on one input."""
    x, outputs = keras.Input((STEPS, inputs), name="x"), []
    for stack in stacks:
        h = x
        for layer in stack:
            h = layer(h)
        outputs.append(h)
    return keras.Model(x, outputs)


def of_goldens():
    stacks = [L.Bidirectional(lstm()), L.Bidirectional(lstm())], [gru(), gru()]
    keras.utils.clear_session()
    return branches(*stacks, inputs=3)


def both_forms():
    """Returns what a Saver without a list saves, as 1.15.5 wrote it in two parts, with slots."""
    names = ("cudnn_canonical", "cudnn_opaque")
    canonical, opaque = (
        {key: e.read() for key, e in open_checkpoint(GOLDENS / name).items()} for name in names
    )
    slots = {f"{key}/Adam": np.ones_like(one) for key, one in opaque.items()}
    return canonical | opaque | slots


def written(folder, values):
    write_checkpoint(str(folder / "m.ckpt"), values)
    return folder / "m.ckpt"


def buffer(folder, size=AS_LARGE):
    return written(folder, {"net/opaque_kernel": np.arange(size, dtype=np.float32)})


def test_where_both_forms_were_saved_the_canonical_one_is_taken(tmp_path):
    model = of_goldens()
    plan = plan_migration(written(tmp_path, both_forms()), model)
    assert plan.complete, str(plan)
    drops = {drop.source: drop.because.kind.name for drop in plan.drops}
    assert drops == {
        "cudnn_lstm/opaque_kernel": "opaque_twin",
        "cudnn_lstm/opaque_kernel/Adam": "slot",
        "cudnn_gru/opaque_kernel": "opaque_twin",
        "cudnn_gru/opaque_kernel/Adam": "slot",
    }
    convert(plan, model)
    recording = load_recording(GOLDENS / "cudnn_canonical" / "io.npz")
    assert verify(plan, model, recording=recording, tolerance=1e-6).equal


@pytest.mark.parametrize("name", ["cudnn_lstm", "cudnn_gru"])
@pytest.mark.parametrize("place", [0, 100, -1])
def test_both_forms_with_other_numbers_are_asked_about(name, place, tmp_path):
    values = both_forms()
    values[f"{name}/opaque_kernel"][place] += 1
    plan = plan_migration(written(tmp_path, values), of_goldens())
    (problem,) = plan.unexplained
    assert problem.name == f"{name}/opaque_kernel"
    assert "not with the same numbers: drop one of both by a rule" in problem.remedy


def test_layers_side_by_side_are_no_stack_and_which_runs_backward_is_not_guessed(tmp_path):
    model = branches([lstm()], [lstm(go_backwards=True)])
    plan = plan_migration(buffer(tmp_path), model)
    assert not plan.fills
    (tie,) = plan.ambiguities
    assert tie.sources == ("net/opaque_kernel",)


def test_which_of_two_stacks_is_meant_is_asked(tmp_path):
    model = branches([lstm(), lstm()], [L.Bidirectional(lstm())])
    (problem,) = plan_migration(buffer(tmp_path), model).unexplained
    assert "1 LSTM layer of 4 units on 4 columns in both directions" in problem.remedy
    assert "2 LSTM layers of 4 units on 4 columns" in problem.remedy


def test_where_no_flow_tells_whether_layers_stand_on_each_other_it_is_asked(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = lstm(), lstm()

        def call(self, x):
            return self.two(self.one(x))

    model = Own()
    model(np.zeros((1, STEPS, UNITS), np.float32))
    (problem,) = plan_migration(buffer(tmp_path), model).unexplained
    assert "in both directions would be as many" in problem.remedy


def with_graph(folder, **options):
    """Returns a buffer under a name of its own, with a graph that runs CuDNN with it."""
    with tf.Graph().as_default():
        x, h = v1.placeholder(tf.float32, [STEPS, 1, UNITS], "x"), tf.zeros([2, 1, UNITS])
        zeros = v1.zeros_initializer()
        params = v1.get_variable("net/p", [AS_LARGE], initializer=zeros, use_resource=False)
        tf.raw_ops.CudnnRNN(input=x, input_h=h, input_c=h, params=params, **options)
        v1.train.export_meta_graph(str(folder / "m.ckpt.meta"))
    return written(folder, {"net/p": np.arange(AS_LARGE, dtype=np.float32)})


@pytest.mark.parametrize(
    ("options", "layers"),
    [
        ({}, [lstm, lstm]),
        ({"direction": "bidirectional"}, [lambda: L.Bidirectional(lstm())]),
    ],
)
def test_a_buffer_of_any_name_is_what_the_graph_runs_with_it(options, layers, tmp_path):
    keras.utils.clear_session()
    plan = plan_migration(with_graph(tmp_path, **options), branches([make() for make in layers]))
    assert plan.complete, str(plan)
    assert {fill.because[0].kind.name for fill in plan.fills} == {"cudnn_buffer_graph"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"direction": "bidirectional"}, "no stack of the model's recurrent layers has 320"),
        ({"rnn_mode": "gru"}, "no stack of the model's recurrent layers has 320"),
        ({"input_mode": "skip_input"}, "no matrices for the inputs of its first layer is no layer"),
    ],
)
def test_what_the_graph_runs_otherwise_is_not_the_models_stack(options, said, tmp_path):
    plan = plan_migration(with_graph(tmp_path, **options), branches([lstm(), lstm()]))
    assert not plan.fills
    (problem,) = plan.unexplained
    assert said in problem.remedy
