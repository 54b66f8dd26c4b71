"""What of a graph and of a model can be compared, what isn't, and how findings are told."""

import dataclasses

import keras
import pytest
import tensorflow as tf
from settings_programs import (
    SIZE,
    UNITS,
    Case,
    conv_model,
    dense,
    dense_model,
    head,
    layer_norm_model,
    made_model,
    norm,
    norm_model,
    padded,
    v1_program,
)
from v1_programs import saved, without_graph

from tf1compat.graph import layers, rnn_cell
from tf1compat.migration import Effect, lint, plan_migration
from tf1compat.migration.linting import CHECKS, Check
from tf1compat.names.reasons import Kind

v1 = tf.compat.v1
L = keras.layers


def _turned(x):
    """Images with their channels moved first for speed."""
    y = tf.transpose(x, [0, 3, 1, 2])
    y = layers.conv2d(y, UNITS, 3, data_format="channels_first", name="conv")
    return head(tf.transpose(y, [0, 2, 3, 1]))


def _zeros_around(x):
    return keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))


def _only_head(**settings):
    return [L.Flatten(), L.Dense(2, name="head", **settings)]


QUIET = {
    "what a loss has": (head, lambda: _only_head(activation="softmax"), "activation", 0),
    "what a user has": (lambda x: tf.nn.relu(head(x)), _only_head, "activation", 0),
    "what 1.15 makes of an epsilon": (
        lambda x: head(layers.batch_normalization(x, epsilon=1.001e-5, name="bn")),
        lambda: norm_model(epsilon=1e-5),
        "epsilon",
        1,
    ),
    "images turned for speed": (_turned, conv_model, "data_format", 0),
    "zeros added by a function": (
        padded,
        lambda: conv_model(L.Lambda(_zeros_around, output_shape=(SIZE + 2,) * 2 + (3,)), strides=2),
        "padding",
        int(keras.config.backend() == "tensorflow"),
    ),
}


@pytest.mark.parametrize("name", QUIET)
def test_nothing_is_said_of(name, tmp_path):
    program, made, kind, compared = QUIET[name]
    prefix = saved(tmp_path, v1_program(Case(kind, program, None, None, "")))
    model = made_model(made(), (SIZE, SIZE, 3))
    found = lint(plan_migration(prefix, model), model)
    assert found.findings == (), str(found)
    assert found.compared.get(kind, 0) == compared


@pytest.fixture(scope="module")
def batches(tmp_path_factory):
    """The prefixes of a graph that normalises by batches though it has no gradients, and of one."""
    prefixes = []
    for trains in (False, True):
        case = Case("statistics", norm(training=True), norm_model, norm_model, "", trains=trains)
        prefixes.append(saved(tmp_path_factory.mktemp("batches"), v1_program(case)))
    return prefixes


def test_statistics_of_the_batch_at_inference_are_said(batches):
    model = made_model(norm_model(), (SIZE, SIZE, 3))
    found = [lint(plan_migration(prefix, model), model) for prefix in batches]
    assert [[one.kind for one in each.findings] for each in found] == [["statistics"], []]
    said = "the v1 graph doesn't train and normalises by statistics of the batch, the model by mov"
    assert found[0].findings[0].text.startswith(said)
    assert [each.not_compared.get("statistics") for each in found] == [None, 1]


def _lstm(xs):
    cell = rnn_cell.BasicLSTMCell(UNITS, forget_bias=0.7)
    return v1.nn.static_rnn(cell, tf.unstack(xs, axis=1), dtype=tf.float32)[0][-1]


def test_a_forget_bias_that_the_plan_leaves_out_is_found(tmp_path):
    case = Case("forget_bias", _lstm, None, None, "", shape=(3, UNITS))
    prefix = saved(tmp_path, v1_program(case))
    model = made_model([L.LSTM(UNITS, name="lstm")], case.shape)
    plan = plan_migration(prefix, model)
    assert lint(plan, model).compared["forget_bias"] == 1
    assert lint(plan, model).findings == ()
    without = [
        dataclasses.replace(fill, layout=fill.layout.partition(" | forget_bias")[0])
        if fill.target.endswith("bias")
        else fill
        for fill in plan.fills
    ]
    (found,) = lint(dataclasses.replace(plan, fills=tuple(without)), model).findings
    assert found.text == "forget_bias 0.7 in the v1 graph at every step, 0 added by the plan"
    assert (found.scope, found.effect) == ("rnn/basic_lstm_cell", Effect.OUTPUTS)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The prefix of a graph with a dense layer of tanh, and the models alike and otherwise."""
    case = Case("activation", dense(tf.tanh), None, None, "")
    return saved(tmp_path_factory.mktemp("plain"), v1_program(case))


@pytest.fixture(scope="module")
def rectified(tmp_path_factory):
    """The prefix of a graph with a layer norm and a relu."""
    args = {"begin_norm_axis": -1, "begin_params_axis": -1, "scope": "ln"}
    case = Case("", lambda x: head(tf.nn.relu(layers.layer_norm(x, **args))), None, None, "")
    return saved(tmp_path_factory.mktemp("rectified"), v1_program(case))


def test_a_graph_is_needed(plain):
    model = made_model(dense_model(activation="relu"), (SIZE, SIZE, 3))
    found = lint(plan_migration(without_graph(plain), model), model)
    assert (found.findings, found.why) == ((), "the checkpoint has no .meta")


class _Shouted(L.Layer):
    """Whatever it does, it isn't known here."""

    def call(self, x):
        return x * keras.ops.cos(x)


class _OwnNorm(L.Layer):
    """A norm that its program writes itself, with an activation."""

    def __init__(self, epsilon, activation):
        super().__init__(name="ln")
        self.epsilon, self.activation = epsilon, activation

    def build(self, shape):
        self.gamma = self.add_weight(shape=shape[-1:], name="gamma")
        self.beta = self.add_weight(shape=shape[-1:], name="beta")

    def call(self, x):
        mean, variance = keras.ops.moments(x, [-1], keepdims=True)
        y = (x - mean) / keras.ops.sqrt(variance + self.epsilon) * self.gamma + self.beta
        return self.activation(y)


@pytest.mark.parametrize(
    ("epsilon", "activation", "found"),
    [
        (1e-12, keras.ops.relu, []),
        (1e-5, keras.ops.relu, ["epsilon 1e-12 in the v1 graph, 1e-05 in the model"]),
        (1e-12, keras.ops.silu, ["activation relu in the v1 graph, swish in the model"]),
    ],
)
@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="other backends aren't traced")
def test_what_a_layer_of_ones_own_does_is_read_off_its_graph(rectified, epsilon, activation, found):
    model = made_model([_OwnNorm(epsilon, activation), *layer_norm_model()[1:]], (SIZE, SIZE, 3))
    result = lint(plan_migration(rectified, model), model)
    assert [one.text for one in result.findings] == found
    assert (result.compared["epsilon"], result.compared["axes"]) == (1, 1)


def test_what_cannot_be_read_is_not_compared(plain):
    model = made_model(dense_model(_Shouted()), (SIZE, SIZE, 3))
    found = lint(plan_migration(plain, model), model)
    assert found.findings == ()
    assert found.not_compared["activation"] == 2  # that layer's, and the last one's


class _OwnModel(keras.Model):
    """A model whose code says what comes after its layers."""

    def __init__(self, activation):
        super().__init__()
        self.first, self.head = L.Dense(UNITS, name="first"), L.Dense(2, name="head")
        self.activation = activation

    def call(self, x):
        y = self.first(keras.ops.reshape(x, (-1, SIZE * SIZE * 3)))
        return self.head(self.activation(y))


@pytest.mark.parametrize(
    ("activation", "found"),
    [
        (keras.ops.tanh, []),
        (keras.ops.selu, ["activation tanh in the v1 graph, selu in the model"]),
    ],
)
@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="other backends aren't traced")
def test_what_the_code_of_a_model_calls_is_read_off_its_graph(plain, activation, found):
    model = _OwnModel(activation)
    model(keras.Input((SIZE, SIZE, 3)))
    result = lint(plan_migration(plain, model), model)
    assert [one.text for one in result.findings] == found
    assert result.compared["activation"] == 1


def test_json_has_both_sides(plain):
    model = made_model(dense_model(activation="relu"), (SIZE, SIZE, 3))
    assert lint(plan_migration(plain, model), model).record()["findings"] == [
        {
            "kind": "activation",
            "target": "first",
            "scope": "first",
            "v1": "tanh",
            "model": "relu",
            "effect": "outputs",
            "text": "activation tanh in the v1 graph, relu in the model",
        }
    ]


def test_many_of_one_kind_are_one_line(tmp_path):
    def program(x):
        for n in range(5):
            x = layers.batch_normalization(x, epsilon=0.1, name=f"bn{n}")
        return head(x)

    prefix = saved(tmp_path, v1_program(Case("epsilon", program, None, None, "")))
    norms = [L.BatchNormalization(name=f"bn{n}") for n in range(5)]
    model = made_model([*norms, L.Flatten(), L.Dense(2, name="head")], (SIZE, SIZE, 3))
    assert lint(plan_migration(prefix, model), model).lines() == [
        "  epsilon 0.1 in the v1 graph, 0.001 in the model: bn0 (bn0), bn1 (bn1), bn2 (bn2) "
        "and 2 more"
    ]


class Units(Check):
    """A check of a program's own: layers of four units are suspicious."""

    name = "toy_units"
    kinds = (Kind("toy_units", "{v1} are wanted, {model} are there"),)

    def concerns(self, layer):
        return layer.path == "first"

    def compare(self, layer):
        return [self.finding(layer, "many", "four")]


def test_a_check_of_a_program_of_its_own(plain):
    model = made_model(dense_model(activation="tanh"), (SIZE, SIZE, 3))
    plan = plan_migration(plain, model)
    with CHECKS.with_(Units()):
        (found,) = lint(plan, model).findings
    assert str(found) == "many are wanted, four are there: first (first)"
