"""Gates of 1.x's cells in Keras' order, proved by running cells of 1.x beside Keras' layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from v1_programs import saved, without_graph

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import LayoutError, RuleError
from tf1compat.graph import rnn_cell
from tf1compat.keras3 import index_model
from tf1compat.migration import (
    Spec,
    Status,
    convert,
    offender_lines,
    parse_layout,
    plan_migration,
    prove,
    verify,
)
from tf1compat.migration.layouts.layout import IDENTITY
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

v1 = tf.compat.v1
FORGET_BIAS = 0.7


def test_blocks_of_the_last_axis_are_reordered_and_back():
    source = np.arange(24, dtype=np.float32).reshape(3, 8)
    layout = parse_layout("blocks(0, 2, 1, 3)")
    target = layout.apply(source)
    assert_arrays_equal(target, source[:, [0, 1, 4, 5, 2, 3, 6, 7]])
    (piece,) = layout.invert(target, Spec((3, 8)))
    assert_arrays_equal(piece.value, source)
    turned = parse_layout("blocks(2, 0, 1)")
    (piece,) = turned.invert(turned.apply(np.arange(6.0)), Spec((6,), "float64"))
    assert_arrays_equal(piece.value, np.arange(6.0))


def test_the_forget_bias_goes_to_the_second_gate_and_not_into_slots():
    layout = parse_layout("blocks(0, 2, 1, 3) | forget_bias(1.5)")
    target = layout.apply(np.arange(8, dtype=np.float32))
    assert_arrays_equal(target, np.array([0, 1, 5.5, 6.5, 2, 3, 6, 7], np.float32))
    assert str(layout.for_slot(Spec((8,)), Spec((8,)))) == "blocks(0, 2, 1, 3)"
    assert parse_layout("forget_bias(1.5)").for_slot(Spec((8,)), Spec((8,))) == IDENTITY


def test_the_last_rows_are_those_of_sources_with_any_above():
    above, alone = np.arange(10.0).reshape(5, 2), np.arange(4.0).reshape(2, 2)
    layout = parse_layout("last(0, 2) | concatenate(1)")
    specs = [Spec((5, 2), "float64"), Spec((2, 2), "float64")]
    assert layout.spec(*specs) == Spec((2, 4), "float64")
    target = layout.apply(above, alone)
    assert_arrays_equal(target, np.hstack([above[3:], alone]))
    for piece, source in zip(layout.invert(target, *specs), (above, alone), strict=True):
        assert_arrays_equal(piece.value, source[piece.index])


def test_biases_of_gates_are_those_of_inputs_and_sums_come_back():
    """Gates are r, u in 1.x and z, r in Keras; what was trained on for the state is added."""
    sources = np.array([1.0, -0.0]), np.array([3.0]), np.array([4.0])
    specs = [Spec(one.shape, "float64") for one in sources]
    layout = parse_layout("gru_biases")
    target = layout.apply(*sources)
    assert_arrays_equal(target, np.array([[-0.0, 1, 3], [0, 0, 4]]))
    for piece, source in zip(layout.invert(target, *specs), sources, strict=True):
        assert_arrays_equal(piece.value, source)
    trained = target + np.array([[0.0, 0, 0], [10, 20, 0]])
    assert_arrays_equal(layout.invert(trained, *specs)[0].value, np.array([21.0, 10.0]))


@pytest.mark.parametrize("shapes", [[(4,)], [(4,), (2,), (3,)], [(4,), (4,), (4,)], [(), (), ()]])
def test_biases_of_other_sizes_are_named(shapes):
    with pytest.raises(LayoutError, match=r"gru_biases: expected biases \[2n\], \[n\] and \[n\]"):
        parse_layout("gru_biases").spec(*map(Spec, shapes))


@pytest.mark.parametrize(
    ("text", "shape", "words"),
    [
        ("blocks(0, 2, 1)", (4, 8), r"expected a last axis of 3 equal blocks, found \(4, 8\)"),
        ("blocks(0, 1)", (), r"expected a last axis of 2 equal blocks, found \(\)"),
        ("forget_bias(1.0)", (8, 2), r"expected the bias of an LSTM, 4 equal blocks"),
        ("forget_bias(1.0)", (6,), r"expected the bias of an LSTM, 4 equal blocks"),
    ],
)
def test_shapes_that_hold_no_gates_are_refused(text, shape, words):
    with pytest.raises(LayoutError, match=words):
        parse_layout(text).spec(Spec(shape))


@pytest.mark.parametrize("text", ["blocks(0, 2)", "blocks(0)", "blocks(1, 1)"])
def test_blocks_take_an_order(text):
    with pytest.raises(LayoutError, match=r"expected an order of the blocks 0\.\.\d"):
        parse_layout(text)


def written(folder, cell):
    """Returns the prefix of a checkpoint of one cell of 1.x over 5 steps, with its graph."""

    def program():
        x = v1.placeholder(tf.float32, [None, 5, 3], "x")
        outputs, _ = v1.nn.static_rnn(cell(), tf.unstack(x, axis=1), dtype=tf.float32)
        tf.stack(outputs, 1, name="y")

    return saved(folder, program)


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lstm")
    return written(folder, lambda: rnn_cell.BasicLSTMCell(4, forget_bias=FORGET_BIAS))


def lstm():
    x = keras.Input((5, 3), name="x")
    return index_model(keras.Model(x, keras.layers.LSTM(4, return_sequences=True, name="lstm")(x)))


def weights(index):
    return {path for path, weight in index.items() if weight.kind == "weight"}


def planned(tagged, index, forget_bias, *, gates="blocks(0, 2, 1, 3)", meant=False):
    kernel = "rnn/basic_lstm_cell/kernel"
    bias = f"{gates} | forget_bias({forget_bias})"
    rules = [
        Rule(kernel, "lstm/cell/kernel", layout=f"split(0, 0, 3) | {gates}"),
        Rule(kernel, "lstm/cell/recurrent_kernel", layout=f"split(0, 3, 7) | {gates}"),
        Rule("rnn/basic_lstm_cell/bias", "lstm/cell/bias", layout=bias, cross_roles=meant),
    ]
    return plan_migration(tagged, index, rules)


def test_an_lstm_of_1_x_computes_the_same_in_keras(tagged):
    index = lstm()
    plan = planned(tagged, index, FORGET_BIAS)
    assert plan.complete
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}


def test_another_forget_bias_is_seen(tagged):
    index = lstm()
    message = (
        r"lstm/cell/bias: expected a layout that makes the gates input, forget \+ 0.7, candidate, "
        r"output, found .*, which makes input, forget \+ 1, candidate, output"
    )
    with pytest.raises(RuleError, match=message):
        planned(tagged, index, 1.0)
    plan = planned(tagged, index, 1.0, meant=True)
    assert plan.complete
    assert not prove(plan, index).agrees


@pytest.mark.parametrize(
    ("gates", "made"),
    [
        ("blocks(0, 1, 2, 3)", "input, candidate, forget, output"),
        ("blocks(0, 2, 3, 1)", "input, forget, output, candidate"),
        ("blocks(1, 0)", "forget, output, input, candidate"),
        ("blocks(0, 8, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15)", "parts of several gates"),
    ],
)
def test_gates_that_a_rule_puts_elsewhere_are_refused(tagged, gates, made):
    with pytest.raises(RuleError) as caught:
        planned(tagged, lstm(), FORGET_BIAS, gates=gates)
    for role in ("kernel", "recurrent_kernel"):
        assert f"lstm/cell/{role}: expected a layout that makes the gates" in str(caught.value)
    assert f"which makes {made} [" in str(caught.value)


def test_without_a_graph_the_layout_of_a_rule_is_taken_at_its_word(tagged, tmp_path):
    bare = str(tmp_path / "model.ckpt")
    write_checkpoint(bare, open_checkpoint(tagged))
    assert planned(bare, lstm(), 1.0).complete


def test_gates_are_never_taken_as_they_stand(tmp_path):
    index = lstm()
    values = {f"net/{index[w].role}": np.zeros(index[w].shape, np.float32) for w in weights(index)}
    del values["net/recurrent_kernel"]  # so it is no layer of Keras'
    write_checkpoint(str(tmp_path / "m.ckpt"), values)
    plan = plan_migration(tmp_path / "m.ckpt", index)
    assert {problem.name for problem in plan.unfilled} == weights(index)
    bias = next(problem for problem in plan.unfilled if problem.name == "lstm/cell/bias")
    assert str(bias) == (
        "lstm/cell/bias: expected a source in the gates of Keras' LSTMCell, found gates that may "
        "stand in another order [net/bias]; give it a rule with a layout (Keras has the gates i, "
        "f, c, o, and 1.x's cells i, j, f, o and a forget_bias to add); with layout='identity' "
        "only if nothing is in another order"
    )
    hints = "\n".join(offender_lines(plan))
    assert "give it a rule with a layout (Keras has the gates i, f, c, o" in hints
    assert "source=" not in hints


def test_what_keras_itself_saved_is_taken_as_it_stands(tmp_path):
    index = lstm()
    values = {f"lstm/{index[w].role}": np.zeros(index[w].shape, np.float32) for w in weights(index)}
    write_checkpoint(str(tmp_path / "own.ckpt"), values)
    assert plan_migration(tmp_path / "own.ckpt", index).complete
    values["lstm/bias"] = np.zeros(32, np.float32)  # CuDNN's has two for each gate
    write_checkpoint(str(tmp_path / "cudnn.ckpt"), values)
    layouts = {fill.layout for fill in plan_migration(tmp_path / "cudnn.ckpt", index).fills}
    assert layouts == {"cudnn_blocks(4)", "sum_halves"}


def test_a_cell_of_that_name_in_one_kernel_is_not_keras_own(tmp_path):
    class LSTMCell(keras.layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(7, 16), name="kernel")
            self.bias = self.add_weight(shape=(16,), name="bias")

        def call(self, x):
            return x @ self.kernel + self.bias

    values = {"net/kernel": np.zeros((7, 16)), "net/bias": np.zeros(16)}
    write_checkpoint(tmp_path / "m", {k: v.astype("f4") for k, v in values.items()})
    model = keras.Sequential([keras.Input((7,)), LSTMCell(name="cell")])
    plan = plan_migration(tmp_path / "m", index_model(model))
    assert {problem.expected for problem in plan.unfilled} == {
        "a source in the gates of Keras' LSTMCell"
    }


def test_a_gru_of_1_x_computes_the_same_in_keras(tmp_path):
    prefix = written(tmp_path, lambda: rnn_cell.GRUCell(4))
    x = keras.Input((5, 3), name="x")
    gru = keras.layers.GRU(4, return_sequences=True, reset_after=False, name="gru")
    index = index_model(keras.Model(x, gru(x)))
    order = "blocks(1, 0, 2)"
    rules = [
        Rule(f"rnn/gru_cell/{which}/{leaf}", f"gru/cell/{target}", layout=f"{parts} | {order}")
        for leaf, target, parts in [
            ("kernel", "kernel", "split(0, 0, 3) | concatenate(1)"),
            ("kernel", "recurrent_kernel", "split(0, 3, 7) | concatenate(1)"),
            ("bias", "bias", "concatenate(0)"),
        ]
        for which in ("gates", "candidate")
    ]
    plan = plan_migration(prefix, index, rules)
    assert plan.complete
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}
    model = index.model
    convert(plan, model)
    assert verify(plan, model).equal
    short = [r for r in rules if "split(0, 3, 7)" not in (r.layout or "")]
    with pytest.raises(RuleError, match=r"gates/kernel: expected parts that make up \[0, 7\)"):
        plan_migration(prefix, index, short)


def test_a_rule_that_says_nothing_of_gates_is_asked_without_a_graph(tagged):
    index = lstm()
    rules = [Rule("rnn/basic_lstm_cell/bias", "lstm/cell/bias")]
    fills = {fill.target: fill.layout for fill in plan_migration(tagged, index, rules).fills}
    assert fills["lstm/cell/bias"].startswith("blocks(0, 2, 1, 3) | forget_bias(0.69")
    with pytest.raises(RuleError, match="lstm/cell/bias: expected a source in the gates of Keras'"):
        plan_migration(without_graph(tagged), index, rules)
    said = [Rule("rnn/basic_lstm_cell/bias", "lstm/cell/bias", layout="identity")]
    fills = {fill.target: fill.layout for fill in plan_migration(tagged, index, said).fills}
    assert fills["lstm/cell/bias"] == "identity"
