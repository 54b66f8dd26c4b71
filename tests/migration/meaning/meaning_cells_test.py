"""Every cell of TensorFlow 1.15.5 computes in Keras what it recorded, with its graph or without."""

import dataclasses

import numpy as np
import pytest
from cell_goldens import (
    CELLS,
    EVERYTHING,
    GOLDENS,
    INPUTS,
    STEPS,
    UNITS,
    L,
    assert_computes_what_was_recorded,
    conv,
    full,
    lstm,
    model,
    recorded,
    values_of,
    without_graph,
    written,
)
from shares import share

from tf1compat.migration import Assumptions, Status, lint, plan_migration, prove

# Cells, and ways to run them, that others have in turn.
ALIKE = {
    "basic_lstm_both_ways": "gru_both_ways",
    "layer_norm_lstm_looped": "lstm_everything_looped",
    "layer_norm_lstm_stack": "basic_lstm_stack",
    "lstm_everything_both_ways": "gru_both_ways",
}
CHOSEN = share(sorted(CELLS, key=lambda n: n in ALIKE), len(CELLS), lambda n: ALIKE.get(n, n))
# Both sides computed what 1.15.5 did: that a proof says so, too, a share of them shows.
PROVED = share(CHOSEN, 3)
ASKED = [name for name, (forget_bias, _) in CELLS.items() if forget_bias is not None]


@pytest.mark.parametrize("name", CHOSEN)
def test_every_cell_goes_where_it_computes_the_same(name, tmp_path):
    forget_bias, layers = CELLS[name]
    recording = recorded(name)
    index = model(layers(), recording.inputs["x"].shape[1:])
    plan = plan_migration(GOLDENS / name, index)
    assert_computes_what_was_recorded(plan, index, recording)
    if name in PROVED:
        assert set(prove(plan, index).lines.values()) == {Status.PROVED}
    assume = Assumptions(forget_bias=forget_bias)
    bare = plan_migration(without_graph(tmp_path, name), index, assume=assume)
    assert bare.complete, str(bare)
    if carried_out(bare) != carried_out(plan):
        assert_computes_what_was_recorded(bare, index, recording)


def carried_out(plan):
    """Returns all of a plan that tells what a conversion writes."""
    return {fill.target: (fill.sources, fill.layout) for fill in plan.fills}


def test_a_graph_tells_a_convolution_whatever_its_name():
    name = "conv_lstm_2d_looped"
    index = model([conv(L.ConvLSTM2D, 2)], recorded(name).inputs["x"].shape[1:])
    plan = plan_migration(GOLDENS / name, index)
    assert_computes_what_was_recorded(plan, index, recorded(name))
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}


@pytest.mark.parametrize("name", ASKED)
def test_what_is_added_to_the_forget_gate_is_asked_without_a_graph(name, tmp_path):
    shape = recorded(name).inputs["x"].shape[1:]
    plan = plan_migration(without_graph(tmp_path, name), model(CELLS[name][1](), shape))
    assert not any(fill.target.endswith("kernel") for fill in plan.fills)
    kernels = {p.name: str(p) for p in plan.unexplained if p.name.rpartition("/")[2] == "kernel"}
    assert kernels
    assert all("say forget_bias=1.0" in text for text in kernels.values())


@pytest.mark.parametrize(
    ("name", "layers", "wanted"),
    [
        ("lstm_peepholes", [lstm], "FullLSTMCell(4, use_peepholes=True)"),
        ("lstm_projection", [lstm], "FullLSTMCell(4, projection_units=3)"),
        (
            "lstm_everything",
            [lambda: full(use_peepholes=True)],
            "FullLSTMCell(4, use_peepholes=True, projection_units=3), with the clips",
        ),
        ("layer_norm_lstm", [lstm], "NormedLSTMCell(4)"),
        ("conv_lstm_2d", [lambda: conv(L.ConvLSTM2D, (2, 3))], "a ConvLSTM2D of its sizes"),
    ],
)
def test_a_layer_that_has_less_is_refused_and_the_right_one_named(name, layers, wanted):
    shape = recorded(name).inputs["x"].shape[1:]
    plan = plan_migration(GOLDENS / name, model([make() for make in layers], shape))
    assert not plan.fills
    kernel = next(p for p in plan.unexplained if p.name.endswith("cell/kernel"))
    assert wanted in kernel.expected


def test_two_peepholes_of_three_are_no_cell_of_1_x(tmp_path):
    values = values_of("lstm_peepholes")
    del values["rnn/lstm_cell/w_o_diag"]
    index = model([full(use_peepholes=True)])
    prefix = written(tmp_path, values)
    plan = plan_migration(prefix, index, assume=Assumptions(forget_bias=1.0))
    kernel = next(p for p in plan.unexplained if p.name.endswith("cell/kernel"))
    assert "three peepholes, of the sizes of their gates, or none" in str(kernel)
    assert "w_i_diag, rnn/lstm_cell/w_f_diag: say by rules" in str(kernel)


def test_a_convolution_without_a_bias_has_no_place_for_the_constant(tmp_path):
    values = values_of("conv_lstm_2d")
    del values["rnn/conv_lstm_cell/biases"]
    layer = L.ConvLSTM2D(
        UNITS, (3, 2), padding="same", use_bias=False, recurrent_activation="sigmoid"
    )
    index, prefix = model([layer], (STEPS, 5, 4, INPUTS)), written(tmp_path, values)
    plan = plan_migration(prefix, index, assume=Assumptions(forget_bias=1.0))
    assert "what it adds to its forget gate needs one in Keras" in str(plan.unexplained[0])
    assert plan_migration(prefix, index, assume=Assumptions(forget_bias=0.0)).complete


def test_a_constant_of_a_convolution_that_the_plan_leaves_out_is_found():
    name = "conv_lstm_2d"
    index = model([conv(L.ConvLSTM2D, (3, 2))], recorded(name).inputs["x"].shape[1:])
    plan = plan_migration(GOLDENS / name, index)
    assert not lint(plan, index).findings
    without = tuple(
        dataclasses.replace(fill, layout=fill.layout.partition(" | forget_bias")[0])
        for fill in plan.fills
    )
    (found,) = lint(dataclasses.replace(plan, fills=without), index).findings
    assert found.text == "forget_bias 0.45 in the v1 graph at every step, 0 added by the plan"


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("lstm_peepholes", lambda: full(use_peepholes=True, activation="relu")),
        ("lstm_everything_looped", lambda: full(**EVERYTHING, activation="relu")),
        ("basic_rnn", lambda: L.SimpleRNN(UNITS, return_sequences=True, activation="relu")),
    ],
)
def test_another_activation_than_the_cells_is_found(name, layer):
    index = model([layer()])
    plan = plan_migration(GOLDENS / name, index)
    (found,) = lint(plan, index).findings
    assert found.text == "activation of gates tanh in the v1 graph, relu in the model"


def test_a_cell_of_this_package_isnt_filled_by_shape(tmp_path):
    random = np.random.default_rng(0)
    shapes = {"kernel": (INPUTS, 4 * UNITS), "rec_kernel": (UNITS, 4 * UNITS), "bias": (4 * UNITS,)}
    values = {f"rnn/{n}": random.normal(size=s).astype("float32") for n, s in shapes.items()}
    plan = plan_migration(written(tmp_path, values), model([full()]))
    assert not plan.fills
    assert any("gates that may stand in another order" in str(p) for p in plan.problems)
