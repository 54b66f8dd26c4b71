"""Which tensor of the v1 graph each output of the model is compared with, and how nearly."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from v1_programs import saved

from tf1compat.errors import UsageError
from tf1compat.graph import layers as graph_layers
from tf1compat.keras3.models.running import output_names
from tf1compat.migration import GraphOptions, Status, plan_migration, prove
from tf1compat.migration.verification.outputs import compare_outputs
from tf1compat.migration.verification.reference.candidates import forward_tensors
from tf1compat.names import Rule

v1 = tf.compat.v1


def _heads():
    """Two heads of one shape, called by their names, and one tensor in two halves."""
    x = v1.placeholder(tf.float32, [None, 3], "x")
    h = tf.nn.relu(graph_layers.dense(x, 4, name="body"))
    graph_layers.dense(h, 2, name="mean")
    graph_layers.dense(h, 2, name="spread")
    both = graph_layers.dense(h, 4, name="both")
    tf.split(both, 2, axis=1, name="halves")


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("heads"), _heads)


def _model(outputs):
    """Returns a model of the outputs that a function makes of the layers' outputs by name."""
    x = keras.Input((3,), name="x")
    h = layers.Dense(4, "relu", name="body")(x)
    made = {
        name: layers.Dense(size, name=name)(h)
        for name, size in (("mean", 2), ("spread", 2), ("both", 4))
    }
    return keras.Model(x, outputs(made))


def _all(made):
    return [made["mean"], made["spread"], made["both"]]


def test_outputs_are_compared_with_what_is_called_so(heads):
    model = _model(_all)
    right = prove(plan_migration(heads, model), model)
    assert set(right.lines.values()) == {Status.PROVED}
    swap = [
        Rule(rf"{one}/(.*)", rf"{other}/\1")
        for one, other in (("mean", "spread"), ("spread", "mean"))
    ]
    wrong = prove(plan_migration(heads, model, swap), model)
    assert not wrong.agrees
    assert "spread" not in wrong.outputs[0].name
    assert "mean" not in wrong.outputs[1].name


def test_each_of_two_outputs_with_one_nearest_tensor_is_compared(heads):
    model = _model(
        lambda made: [-5 * made["mean"] ** 2 + 1, made["mean"], made["spread"], made["both"]]
    )
    proof = prove(plan_migration(heads, model), model)
    assert len(proof.outputs) == 4
    assert not proof.outputs[0].within(1e-5)
    assert proof.outputs[1].within(1e-5)


def test_every_output_of_an_op_may_be_one_and_which_it_is_is_said(heads):
    def halves(made):
        first, second = made["both"][:, :2], made["both"][:, 2:]
        return [second, first, made["mean"], made["spread"]]

    model = _model(halves)
    proof = prove(plan_migration(heads, model), model)
    assert proof.agrees
    (said,) = [note for note in proof.notes if note.startswith("outputs: ")]
    assert "is halves:1," in said
    assert "is halves:0," in said


@pytest.mark.parametrize("names", [("Mean", "Spread"), ("mean_head", "spread_head")])
def test_names_that_say_no_more_are_the_same(names, heads):
    x = keras.Input((3,), name="x")
    h = layers.Dense(4, "relu", name="body")(x)
    made = [layers.Dense(2, name=name)(h) for name in names]
    model = keras.Model(x, [*made, layers.Dense(4, name="both")(h)])
    swap = [
        Rule(f"{one}/(.*)", rf"{n}/\1") for one, n in zip(("spread", "mean"), names, strict=True)
    ]
    assert not prove(plan_migration(heads, model, swap), model).agrees


def test_a_scope_around_all_tells_no_output_apart(tmp_path):
    """Tutorials have weights, logits and probabilities in the scope `softmax`."""

    def program():
        x = v1.placeholder(tf.float32, [None, 3], "x")
        with v1.variable_scope("softmax"):
            logits = graph_layers.dense(x, 4, name="fc")
            tf.nn.softmax(logits, name="probabilities")

    x = keras.Input((3,))
    logits = layers.Dense(4, name="logits")(x)
    model = keras.Model(x, [logits, layers.Softmax(name="softmax")(logits)])
    assert prove(plan_migration(saved(tmp_path, program), model), model).agrees


def test_a_dict_may_hold_lists(heads):
    model = _model(lambda made: {"pair": [made["mean"], made["spread"]], "both": made["both"]})
    assert output_names(model) == ("both", "pair_0", "pair_1")
    assert prove(plan_migration(heads, model), model).agrees


def test_there_is_a_tensor_for_each_output(heads):
    model = _model(_all)
    options = GraphOptions(outputs=["mean/BiasAdd"])
    message = r"for each output of the model, which has 3, found mean/BiasAdd"
    with pytest.raises(UsageError, match=message):
        prove(plan_migration(heads, model), model, options=options)


def test_a_dict_s_outputs_go_by_its_keys_in_their_order(heads):
    def named(made):
        return {"b": made["mean"], "a": made["spread"], "c": made["both"]}

    model = _model(named)
    options = GraphOptions(outputs=["spread/BiasAdd", "mean/BiasAdd", "both/BiasAdd"])
    proof = prove(plan_migration(heads, model), model, options=options)
    assert proof.agrees
    assert "outputs: a is spread/BiasAdd, b is mean/BiasAdd, c is both/BiasAdd" in proof.notes


def test_what_a_loss_computes_on_the_way_is_no_output():
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None, 3], "x")
        labels = v1.placeholder(tf.float32, [None, 4], "labels")
        logits = tf.identity(graph_layers.dense(x, 4, name="fc"), name="logits")
        v1.losses.sigmoid_cross_entropy(labels, logits)
    found = forward_tensors(graph.as_graph_def(), ["x:0"])
    assert "logits:0" in found
    assert not [name for name in found if "logistic" in name or "cross_entropy" in name]


def test_a_channel_is_not_drowned_by_another_s_scale():
    """Scores beside boxes in pixels; what float32 rounds is no difference."""
    boxes = np.linspace(1e3, 1e5, 16).reshape(8, 2)
    scores = np.linspace(0.1, 0.9, 16).reshape(8, 2)
    expected = np.concatenate([boxes, scores], 1).astype(np.float32)
    wrong = np.concatenate([boxes, 0.9 * scores], 1).astype(np.float32)
    (found,) = compare_outputs({"y": expected}, {"y": wrong})
    assert found.max_abs == pytest.approx(0.09, rel=1e-3)
    assert found.max_rel == pytest.approx(0.1, rel=1e-3)
    in_4d = [array.reshape(2, 2, 2, 4) for array in (expected, wrong)]
    (same,) = compare_outputs({"y": in_4d[0]}, {"y": in_4d[1]})
    assert same.max_rel == found.max_rel
    small = np.concatenate([boxes, scores / 1e3], 1).astype(np.float32)
    rounded = small + np.float32([0, 0, 4e-2, 4e-2])  # 4e-7 of the largest: any sum may be off so
    (near,) = compare_outputs({"y": small}, {"y": rounded})
    assert near.within(1e-5)


def test_few_values_tell_no_channel_s_scale():
    """One of many logits of one row is near zero by chance."""
    expected = np.float32([[1e-9, 3.0, -2.0]])
    (found,) = compare_outputs({"y": expected}, {"y": expected + np.float32(3e-6)})
    assert found.within(1e-5)


@pytest.mark.parametrize(("dtype", "rounding"), [("float16", 2**-9), ("float32", 1e-5)])
def test_half_precision_may_differ_by_what_it_rounds(dtype, rounding, tmp_path):
    def program():
        x = v1.placeholder(dtype, [None, 3], "x")
        kernel = v1.get_variable("fc/kernel", [3, 4], dtype)
        tf.tanh(tf.matmul(x, kernel), name="y")

    x = keras.Input((3,))
    dense = layers.Dense(4, "tanh", use_bias=False, name="fc")
    model = keras.Model(x, dense(x))
    proof = prove(plan_migration(saved(tmp_path, program), model), model)
    assert proof.agrees
    assert proof.tolerance == rounding
    assert any("half precision" in note for note in proof.notes) == (dtype == "float16")


def test_what_half_precision_rounds_hides_no_other_pairing(tmp_path):
    """Two inputs of one shape and of other names: their order is tried, by the same tolerance."""

    def program():
        first, second = (v1.placeholder("float16", [None, 3], name) for name in "pq")
        kernels = [v1.get_variable(f"{name}/kernel", [3, 4], "float16") for name in ("fa", "fb")]
        tf.tanh(tf.matmul(first, kernels[0]) - 2 * tf.matmul(second, kernels[1]), name="y")

    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    fa, fb = (layers.Dense(4, use_bias=False, name=name) for name in ("fa", "fb"))
    model = keras.Model([b, a], keras.ops.tanh(fa(a) - 2 * fb(b)))
    proof = prove(plan_migration(saved(tmp_path, program), model), model)
    assert not proof.agrees
    assert "the outputs agree if it is so: --inputs=b=q:0,a=p:0" in proof.notes
