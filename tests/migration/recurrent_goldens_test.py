"""Recurrent layers of CuDNN and of 1.15's tf.keras migrate without a rule, and compute the same."""

import pathlib
import shutil

import keras
import numpy as np
import pytest
from shares import share
from v1_programs import without_graph

from tf1compat.checkpoint import write_checkpoint
from tf1compat.migration import (
    Status,
    convert,
    lint,
    load_recording,
    plan_migration,
    prove,
    verify,
)

GOLDENS = pathlib.Path(__file__).parents[1] / "goldens"
STEPS, INPUTS, UNITS = 5, 3, 4
layers = keras.layers


@keras.saving.register_keras_serializable("tests")
def hard_sigmoid_of_1_15(x):
    """1.15's; Keras 3 has another by that name, relu6(x + 3) / 6."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def _stack(x, *made):
    for layer in made:
        x = layer(x)
    return x


def _rnn(kind, **options):
    return kind(UNITS, return_sequences=True, **options)


def _both(kind, name=None, **options):
    return layers.Bidirectional(_rnn(kind, **options), name=name)


def _contrib(x, **options):
    return [
        _stack(x, _both(layers.LSTM), _both(layers.LSTM)),
        _stack(x, _rnn(layers.GRU, **options), _rnn(layers.GRU, **options)),
    ]


def _keras_cudnn(x):
    return [
        _stack(x, _both(layers.LSTM), _rnn(layers.LSTM)),
        _stack(x, _both(layers.GRU), _rnn(layers.GRU)),
    ]


def _keras(x, recurrent_activation=hard_sigmoid_of_1_15):
    hard = {"recurrent_activation": recurrent_activation}
    return [
        _stack(x, _rnn(layers.LSTM, **hard), _rnn(layers.LSTM)),
        _stack(x, _both(layers.GRU, reset_after=False, **hard)),
        _stack(x, _rnn(layers.GRU, **hard), _rnn(layers.SimpleRNN)),
    ]


def _model(outputs, **options):
    keras.utils.clear_session()
    x = keras.Input((STEPS, INPUTS), name="x")
    return keras.Model(x, outputs(x, **options))


MODELS = {
    "cudnn_canonical": _contrib,
    "cudnn_opaque": _contrib,
    "keras_cudnn": _keras_cudnn,
    "keras_rnn": _keras,
}


@pytest.fixture(scope="module", params=MODELS)
def golden(request, tmp_path_factory):
    """Returns a golden's folder, a model, and its plans with the graph and without."""
    folder = GOLDENS / request.param
    copy = tmp_path_factory.mktemp(request.param)
    for path in folder.glob("model.ckpt.*"):
        shutil.copy(path, copy)
    model = _model(MODELS[request.param])
    prefixes = folder / "model.ckpt", without_graph(copy / "model.ckpt")
    return folder, model, [plan_migration(prefix, model) for prefix in prefixes]


def test_the_plan_is_complete_with_the_graph_and_without(golden):
    _, _, plans = golden
    for plan in plans:
        assert plan.complete, "\n".join(map(str, plan.problems))
    with_graph, bare = ({f.target: (f.sources, f.layout) for f in plan.fills} for plan in plans)
    assert with_graph == bare


def test_outputs_are_those_of_tensorflow_1(golden):
    folder, model, (plan, _) = golden
    convert(plan, model)
    found = verify(plan, model, recording=load_recording(folder / "io.npz"), tolerance=1e-6)
    assert found.equal, str(found)
    assert len(found.outputs) == len(model.outputs)


@pytest.mark.parametrize("name", share(["cudnn_canonical", "keras_rnn"], 2))
def test_every_line_is_proved_where_the_graph_runs_on_a_cpu(name):
    model = _model(MODELS[name])
    plan = plan_migration(GOLDENS / name / "model.ckpt", model)
    proof = prove(plan, model, tolerance=1e-6)
    assert proof.agrees
    assert set(proof.lines.values()) == {Status.PROVED}


@pytest.mark.parametrize(
    ("activation", "said"),
    [
        (hard_sigmoid_of_1_15, None),
        ("sigmoid", "hard_sigmoid(x/5 + 1/2) in the v1 graph, sigmoid in the model"),
        ("hard_sigmoid", "hard_sigmoid(x/5 + 1/2) in the v1 graph, hard_sigmoid(x/6 + 1/2) in the"),
    ],
)
def test_another_activation_of_gates_is_said(activation, said):
    model = _model(_keras, recurrent_activation=activation)
    plan = plan_migration(GOLDENS / "keras_rnn" / "model.ckpt", model)
    found = lint(plan, model)
    assert found.compared["gates"] == 6
    assert [said in one.text for one in found.findings] == ([True] * 4 if said else [])


def test_another_activation_of_gates_is_no_proof():
    model = _model(_keras, recurrent_activation="hard_sigmoid")
    proof = prove(plan_migration(GOLDENS / "keras_rnn" / "model.ckpt", model), model)
    assert not proof.agrees
    assert Status.PROVED not in proof.lines.values()


def test_parameters_of_the_graph_with_names_of_the_saveable(tmp_path):
    """As CudnnLSTM saves by default: the graph has a buffer that the checkpoint hasn't."""
    for path in (GOLDENS / "cudnn_canonical").glob("model.ckpt.*"):
        shutil.copy(path, tmp_path)
    shutil.copy(GOLDENS / "cudnn_opaque" / "model.ckpt.meta", tmp_path)
    plan = plan_migration(tmp_path / "model.ckpt", _model(_contrib))
    assert plan.complete, str(plan)


@pytest.mark.parametrize("name", ["cudnn_canonical", "cudnn_opaque"])
def test_a_gru_that_resets_before_is_another_arithmetic(name):
    plan = plan_migration(GOLDENS / name / "model.ckpt", _model(_contrib, reset_after=False))
    wrong = [p for p in plan.unexplained if p.name.startswith("cudnn_gru/")]
    assert wrong
    for problem in wrong:
        assert "with reset_after=False no layout makes that equal" in problem.expected
    assert not any(fill.target.startswith("gru") for fill in plan.fills)


def _buffer(folder, size, name="model/lstm_params"):
    value = np.arange(size, dtype=np.float32)
    write_checkpoint(str(folder / "buffer.ckpt"), {name: value})
    return folder / "buffer.ckpt"


def test_a_buffer_of_equal_layers_goes_in_their_order(tmp_path):
    """Two layers whose inputs have as many columns as they have units, as in the PTB tutorial."""
    x = keras.Input((STEPS, UNITS))
    model = keras.Model(x, _stack(x, _rnn(layers.LSTM, name="a"), _rnn(layers.LSTM, name="b")))
    one = 4 * UNITS * UNITS
    plan = plan_migration(_buffer(tmp_path, 4 * one + 4 * 4 * UNITS), model)
    assert plan.complete, str(plan)
    starts = {f.target: f.layout.partition(" |")[0] for f in plan.fills}
    assert starts == {
        "a/cell/kernel": f"split(0, 0, {one})",
        "a/cell/recurrent_kernel": f"split(0, {one}, {2 * one})",
        "a/cell/bias": f"split(0, {4 * one}, {4 * one + 8 * UNITS})",
        "b/cell/kernel": f"split(0, {2 * one}, {3 * one})",
        "b/cell/recurrent_kernel": f"split(0, {3 * one}, {4 * one})",
        "b/cell/bias": f"split(0, {4 * one + 8 * UNITS}, {4 * one + 16 * UNITS})",
    }


def test_a_buffer_of_equal_layers_goes_in_their_order_and_direction(tmp_path):
    x = keras.Input((STEPS, 2 * UNITS))
    model = keras.Model(x, _stack(x, *(_both(layers.GRU, name=name) for name in "ab")))
    given, kept = 3 * UNITS * 2 * UNITS, 3 * UNITS * UNITS
    plan = plan_migration(_buffer(tmp_path, 4 * (given + kept + 2 * 3 * UNITS)), model)
    assert plan.complete, str(plan)
    kernels = {
        f.target: f.layout.split(" |")[0] for f in plan.fills if "reshape(12, 8)" in f.layout
    }
    starts = [number * (given + kept) for number in range(4)]
    ways = [f"{name}/{way}_layer/cell/kernel" for name in "ab" for way in ("forward", "backward")]
    assert kernels == {
        way: f"split(0, {start}, {start + given})" for way, start in zip(ways, starts, strict=True)
    }


def test_a_buffer_that_no_stack_of_layers_needs_is_asked_about(tmp_path):
    model = _model(lambda x: [_stack(x, _rnn(layers.LSTM))])
    (problem,) = plan_migration(_buffer(tmp_path, 145), model).unexplained
    assert "no stack of the model's recurrent layers has 145 of them" in problem.remedy


def test_a_buffer_that_two_stacks_need_is_asked_about(tmp_path):
    """A GRU of 4 units on 10 columns has as many parameters as an LSTM of 4 units on 6."""
    x = keras.Input((STEPS, 10)), keras.Input((STEPS, 6))
    outputs = [_rnn(layers.GRU)(x[0]), _rnn(layers.LSTM)(x[1])]
    (problem,) = plan_migration(_buffer(tmp_path, 192), keras.Model(x, outputs)).unexplained
    assert "1 GRU layer of 4 units on 10 columns, or 1 LSTM layer of 4 units on 6 columns" in (
        problem.remedy
    )
