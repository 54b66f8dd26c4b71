"""Recurrent cells of 1.x go into Keras' layers by what the graph says of them, or their names."""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from v1_programs import saved, without_graph

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import RuleError
from tf1compat.graph import rnn_cell
from tf1compat.keras3 import index_model
from tf1compat.migration import (
    Assumptions,
    GraphOptions,
    Status,
    convert,
    plan_migration,
    prove,
    verify_weights,
)
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
STEPS, INPUTS, UNITS = 4, 3, 4


def _saved(folder, build):
    """Returns the prefix of a checkpoint, with its graph, of what `build` makes of x."""

    def program():
        x = v1.placeholder(tf.float32, [None, STEPS, INPUTS], "x")
        tf.identity(build(tf.unstack(x, axis=1)), name="y")

    return saved(folder, program)


def _static(cell):
    return lambda xs: tf.stack(v1.nn.static_rnn(cell(), xs, dtype=tf.float32)[0], 1)


def _both_ways(xs):
    cells = [rnn_cell.LSTMCell(UNITS, forget_bias=0.5, name=f"{way}_cell") for way in ("fw", "bw")]
    with v1.variable_scope("bi"):
        outputs, *_ = v1.nn.static_bidirectional_rnn(*cells, xs, dtype=tf.float32)
    return tf.stack(outputs, 1)


def _stack():
    return rnn_cell.MultiRNNCell([rnn_cell.BasicLSTMCell(UNITS, forget_bias=0.0) for _ in "ab"])


def _model(*layers):
    x = h = keras.Input((STEPS, INPUTS), name="x")
    for layer in layers:
        h = layer(h)
    return index_model(keras.Model(x, h))


def _lstm(name="lstm"):
    return keras.layers.LSTM(UNITS, return_sequences=True, name=name)


PROGRAMS = {
    "basic_lstm": (_static(lambda: rnn_cell.BasicLSTMCell(UNITS, forget_bias=0.7)), _lstm),
    "lstm": (_static(lambda: rnn_cell.LSTMCell(UNITS, forget_bias=2.0)), _lstm),
    "lstm_block": (_static(lambda: rnn_cell.LSTMBlockCell(UNITS, forget_bias=0.25)), _lstm),
    "gru": (
        _static(lambda: rnn_cell.GRUCell(UNITS)),
        lambda: keras.layers.GRU(UNITS, return_sequences=True, reset_after=False, name="gru"),
    ),
    "rnn": (
        _static(lambda: rnn_cell.BasicRNNCell(UNITS)),
        lambda: keras.layers.SimpleRNN(UNITS, return_sequences=True, name="rnn"),
    ),
    "bidirectional": (_both_ways, lambda: keras.layers.Bidirectional(_lstm(), name="both")),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_cell_is_proved_without_a_rule(name, tmp_path):
    build, layer = PROGRAMS[name]
    prefix, index = _saved(tmp_path, build), _model(layer())
    plan = plan_migration(prefix, index)
    assert plan.complete, str(plan)
    proof = prove(plan, index)
    assert proof.agrees
    assert set(proof.lines.values()) == {Status.PROVED}
    convert(plan, index)
    assert verify_weights(plan, index).equal


def test_a_stack_of_cells_goes_onto_a_stack_of_layers(tmp_path):
    prefix, index = _saved(tmp_path, _static(_stack)), _model(_lstm("first"), _lstm("second"))
    plan = plan_migration(prefix, index)
    assert plan.complete, str(plan)
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}


def _sided(cell):
    """Two inputs, each to a cell of its own; all that tells the cells apart is what they read."""
    with v1.variable_scope("left"):
        one = v1.placeholder(tf.float32, [None, STEPS, INPUTS], "one")
        a, _ = v1.nn.static_rnn(cell(), tf.unstack(one, axis=1), dtype=tf.float32)
    with v1.variable_scope("right"):
        two = v1.placeholder(tf.float32, [None, STEPS, INPUTS], "two")
        b, _ = v1.nn.static_rnn(cell(), tf.unstack(two, axis=1), dtype=tf.float32)
    tf.subtract(2 * a[-1], b[-1], name="y")


def _sided_model(layer):
    one, two = (keras.Input((STEPS, INPUTS), name=name) for name in ("first", "second"))
    y = 2 * layer(name="p")(one) - layer(name="q")(two)
    return index_model(keras.Model([one, two], y))


WHOLE = {
    "lstm": (lambda: rnn_cell.BasicLSTMCell(UNITS), lambda **n: keras.layers.LSTM(UNITS, **n)),
    "gru": (
        lambda: rnn_cell.GRUCell(UNITS),
        lambda **n: keras.layers.GRU(UNITS, reset_after=False, **n),
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_rule_says_which_cell_goes_to_which_layer_and_its_meaning_the_layout(name, tmp_path):
    cell, layer = WHOLE[name]
    prefix = saved(tmp_path, lambda: _sided(cell))
    index = _sided_model(layer)
    scopes = {"lstm": "rnn/basic_lstm_cell", "gru": "rnn/gru_cell"}[name]
    rules = [Rule(scope=f"left/{scopes}", layer="p/cell")]
    inputs = GraphOptions(inputs=["left/one", "right/two"])
    plan = plan_migration(prefix, index, rules)
    assert plan.complete, str(plan)
    assert {fill.kind for fill in plan.fills if fill.target.startswith("p/")} == {"rule"}
    proof = prove(plan, index, options=inputs)
    assert set(proof.lines.values()) == {Status.PROVED}
    bare = without_graph(prefix)
    told = plan_migration(bare, index, rules, assume=Assumptions(forget_bias=1.0))
    assert {f.target: f.layout for f in told.fills} == {f.target: f.layout for f in plan.fills}


def test_a_rule_for_a_whole_cell_asks_what_no_file_tells(tmp_path):
    cell, layer = WHOLE["lstm"]
    bare = without_graph(saved(tmp_path, lambda: _sided(cell)))
    rules = [Rule(scope="left/rnn/basic_lstm_cell", layer="p/cell")]
    with pytest.raises(RuleError, match=r"cell/kernel: expected an answer.*: say forget_bias=1\.0"):
        plan_migration(bare, _sided_model(layer), rules)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Returns the prefixes of the same checkpoint with and without its graph."""
    prefix = _saved(tmp_path_factory.mktemp("cells"), PROGRAMS["basic_lstm"][0])
    return prefix, without_graph(prefix)


def test_what_no_file_tells_is_asked(both):
    with_graph, bare = both
    index = _model(_lstm())
    plan = plan_migration(bare, index)
    assert not plan.complete
    kernel = next(p for p in plan.unexplained if p.name == "rnn/basic_lstm_cell/kernel")
    assert "say forget_bias=1.0" in str(kernel)
    answered = plan_migration(bare, index, assume=Assumptions(forget_bias=0.7))
    layouts = [
        {f.target: f.layout for f in p.fills} for p in (answered, plan_migration(with_graph, index))
    ]
    layouts[1]["lstm/cell/bias"] = layouts[1]["lstm/cell/bias"].replace("0.699999988079071", "0.7")
    assert layouts[0] == layouts[1]


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """Returns the prefixes of cells whose names say nothing, with and without the graph."""
    prefix = _saved(tmp_path_factory.mktemp("named"), _both_ways)
    return prefix, without_graph(prefix)


def test_a_cell_of_any_name_is_known_by_its_sizes_if_the_user_says_that_it_is_one(named):
    with_graph, bare = named
    index = _model(PROGRAMS["bidirectional"][1]())
    asked = plan_migration(bare, index)
    assert not asked.fills
    assert all("under a name of its author's own" in str(one) for one in asked.unexplained)
    plans = (
        plan_migration(bare, index, assume=Assumptions(forget_bias=0.5)),
        plan_migration(with_graph, index),
    )
    told, read = ({f.target: (f.sources, f.layout) for f in plan.fills} for plan in plans)
    assert plans[0].complete
    assert told == read


def test_a_dense_layer_of_a_cells_sizes_is_none_for_want_of_a_target(tmp_path):
    shapes = {"gates/dense/kernel": (INPUTS + UNITS, 4 * UNITS), "gates/dense/bias": (4 * UNITS,)}
    write_checkpoint(tmp_path / "m.ckpt", {n: np.zeros(s, "f") for n, s in shapes.items()})
    plan = plan_migration(tmp_path / "m.ckpt", _model(_lstm()), assume=Assumptions(forget_bias=1.0))
    assert not plan.fills


def test_a_kernel_that_fits_elsewhere_is_no_cell_for_its_sizes(tmp_path):
    shapes = {"heads/kernel": (INPUTS + UNITS, 4 * UNITS), "heads/bias": (4 * UNITS,)}
    write_checkpoint(tmp_path / "m.ckpt", {n: np.zeros(s, "f") for n, s in shapes.items()})
    x = keras.Input((STEPS, INPUTS + UNITS))
    heads = keras.layers.EinsumDense("abc,cde->abde", (None, 4, UNITS), bias_axes="de")
    y = keras.Input((STEPS, INPUTS))
    model = keras.Model([x, y], [heads(x), _lstm()(y)])
    found = {fill.target for fill in plan_migration(tmp_path / "m.ckpt", model).fills}
    assert len(found) == 2
    assert not any(target.startswith("lstm") for target in found)


def test_rows_that_a_rule_splits_off_a_cell_have_its_gates_unless_it_says_otherwise(named):
    index = _model(PROGRAMS["bidirectional"][1]())
    rows = {"kernel": f"split(0, 0, {INPUTS})", "recurrent_kernel": f"split(0, {INPUTS}, 7)"}

    def rules(**more):
        return [
            Rule(
                source="bi/bidirectional_rnn/fw/fw_cell/kernel",
                target=f"both/forward_layer/cell/{leaf}",
                layout=layout + more.get("then", ""),
                cross_roles=more.get("cross_roles", False),
            )
            for leaf, layout in rows.items()
        ]

    with pytest.raises(RuleError, match=r"gates i, j, f, o .*add . blocks"):
        plan_migration(named[1], index, rules())
    for more in ({"then": " | blocks(0, 2, 1, 3)"}, {"cross_roles": True}):
        plan = plan_migration(named[1], index, rules(**more))
        assert {fill.target.rpartition("/")[2] for fill in plan.fills} == {*rows}


@pytest.mark.parametrize("graph", [True, False])
@pytest.mark.parametrize(
    ("options", "leaf", "wanted"),
    [
        ({"num_proj": UNITS}, "projection/kernel", f"projection_units={UNITS}"),
        ({"use_peepholes": True}, "w_f_diag", "use_peepholes=True"),
    ],
)
def test_an_lstm_that_has_more_than_keras_takes_a_layer_that_has(
    options, leaf, wanted, graph, tmp_path
):
    prefix = _saved(tmp_path, _static(lambda: rnn_cell.LSTMCell(UNITS, **options)))
    index = _model(_lstm(), keras.layers.Dense(UNITS, use_bias=False, name="projection"))
    assume = Assumptions(forget_bias=1.0)
    plan = plan_migration(prefix if graph else without_graph(prefix), index, assume=assume)
    assert not plan.fills
    kernel = next(p for p in plan.unexplained if p.name == "rnn/lstm_cell/kernel")
    assert f"tf1compat.keras3.FullLSTMCell({UNITS}, {wanted})" in kernel.expected
    assert any(problem.name == f"rnn/lstm_cell/{leaf}" for problem in plan.unexplained)


def test_a_gru_that_resets_after_is_another_arithmetic(tmp_path):
    prefix = _saved(tmp_path, PROGRAMS["gru"][0])
    plan = plan_migration(prefix, _model(keras.layers.GRU(UNITS, return_sequences=True, name="g")))
    assert not plan.fills
    (kernel,) = (p for p in plan.unexplained if p.name == "rnn/gru_cell/gates/kernel")
    assert "a GRU(reset_after=False) of its sizes: with reset_after=True" in kernel.expected


@pytest.mark.parametrize("after", [False, True])
def test_a_gru_of_keras_that_resets_elsewhere_is_another_arithmetic(after, tmp_path):
    """1.15's default is reset_after=False, Keras 3's True; the bias tells."""
    shapes = {"kernel": (INPUTS, 12), "recurrent_kernel": (UNITS, 12), "bias": (12,)}
    shapes |= {"bias": (2, 12)} if after else {}
    values = {f"gru/{name}": np.ones(shape, np.float32) for name, shape in shapes.items()}
    write_checkpoint(os.fspath(tmp_path / "keras.ckpt"), values)
    for reset_after in (after, not after):
        layer = keras.layers.GRU(UNITS, return_sequences=True, reset_after=reset_after)
        plan = plan_migration(tmp_path / "keras.ckpt", _model(layer))
        assert plan.complete == (reset_after == after)
    for problem in plan.unexplained:
        assert f"a GRU(reset_after={after}) of its sizes" in problem.expected
        assert "no layout makes that equal" in problem.expected
    assert len(plan.unexplained) == 3
    assert not plan.fills


def test_names_of_the_first_releases(tmp_path):
    scope = "RNN/BasicLSTMCell/Linear"
    values = {
        f"{scope}/Matrix": np.ones((INPUTS + UNITS, 4 * UNITS), np.float32),
        f"{scope}/Bias": np.ones(4 * UNITS, np.float32),
    }
    write_checkpoint(os.fspath(tmp_path / "old.ckpt"), values)
    plan = plan_migration(tmp_path / "old.ckpt", _model(_lstm()), assume=Assumptions(1.0))
    assert plan.complete
    assert {f.because[0].kind.name for f in plan.fills} == {"lstm_name"}


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _blocks(value, gates):
    """CuDNN's matrices: each block of the variable, read row by row as units by columns."""
    return [block.reshape(UNITS, -1) for block in np.split(value, gates, axis=1)]


def _cudnn_gru(x, kernel, recurrent_kernel, bias):
    """The equations that CuDNN's documentation gives, in the order z, r, h of the variable."""
    w, r = _blocks(kernel, 3), _blocks(recurrent_kernel, 3)
    b_w, b_r = np.split(bias, 6)[:3], np.split(bias, 6)[3:]
    h, outputs = np.zeros((len(x), UNITS)), []
    for step in np.moveaxis(x, 1, 0):
        given = [step @ w[n].T + b_w[n] for n in range(3)]
        kept = [h @ r[n].T + b_r[n] for n in range(3)]
        z, reset = _sigmoid(given[0] + kept[0]), _sigmoid(given[1] + kept[1])
        h = (1 - z) * np.tanh(given[2] + reset * kept[2]) + z * h
        outputs.append(h)
    return np.stack(outputs, 1)


def _cudnn_lstm(x, kernel, recurrent_kernel, bias):
    w, r, b = _blocks(kernel, 4), _blocks(recurrent_kernel, 4), np.split(bias, 8)
    h, c, outputs = np.zeros((len(x), UNITS)), np.zeros((len(x), UNITS)), []
    for step in np.moveaxis(x, 1, 0):
        i, f, g, o = (step @ w[n].T + h @ r[n].T + b[n] + b[n + 4] for n in range(4))
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, 1)


@pytest.mark.parametrize(
    ("gates", "computed", "layer"),
    [
        (3, _cudnn_gru, lambda: keras.layers.GRU(UNITS, return_sequences=True, name="rnn")),
        (4, _cudnn_lstm, lambda: _lstm("rnn")),
    ],
)
def test_weights_of_cudnn_compute_what_cudnn_does(gates, computed, layer, tmp_path):
    random = np.random.default_rng(gates)
    shapes = {"kernel": (INPUTS, gates * UNITS), "recurrent_kernel": (UNITS, gates * UNITS)}
    values = {k: random.normal(size=s).astype(np.float32) for k, s in shapes.items()}
    values["bias"] = random.normal(size=2 * gates * UNITS).astype(np.float32)
    write_checkpoint(os.fspath(tmp_path / "m.ckpt"), {f"cu/{k}": v for k, v in values.items()})
    index = _model(layer())
    plan = plan_migration(tmp_path / "m.ckpt", index)
    assert plan.complete, str(plan)
    convert(plan, index)
    x = random.normal(size=(2, STEPS, INPUTS)).astype(np.float32)
    found = keras.ops.convert_to_numpy(index.model(x))
    assert_arrays_close(found, computed(x, **values).astype(np.float32), of_largest=1e-5)
