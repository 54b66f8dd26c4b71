"""Each check of settings: it names both sides where one setting differs, and else says nothing."""

import dataclasses
from collections.abc import Callable

import keras
import pytest
import tensorflow as tf
from v1_programs import saved, without_graph

from tf1compat.graph import layers, rnn_cell
from tf1compat.migration import Effect, lint, plan_migration
from tf1compat.migration.linting import CHECKS, Check
from tf1compat.names.reasons import Kind

v1 = tf.compat.v1
L = keras.layers
SIZE, UNITS = 8, 4
ONES = keras.initializers.Ones()


@dataclasses.dataclass(frozen=True)
class Case:
    """A program of v1, a model alike, one that differs in a setting, and what is said of it."""

    kind: str
    program: Callable
    alike: Callable
    other: Callable
    text: str
    shape: tuple = (SIZE, SIZE, 3)
    trains: bool = False


def _head(y):
    """A last layer, so that what is before it is within the graph."""
    return layers.dense(layers.flatten(y), 2, name="head")


def _erf_gelu(x):
    return 0.5 * x * (1.0 + tf.math.erf(x / tf.sqrt(2.0)))


def _tanh_gelu(x):
    return 0.5 * x * (1 + tf.tanh(0.7978845608 * (x + 0.044715 * tf.pow(x, 3))))


def _leaky(x):
    return tf.maximum(x, 0.1 * x)


def _dense(activation):
    return lambda x: _head(activation(layers.dense(layers.flatten(x), UNITS, name="first")))


def _dense_model(*after, **settings):
    first = L.Dense(UNITS, name="first", **settings)
    return [L.Flatten(), first, *after, L.Dense(2, name="head")]


def _conv(**settings):
    return lambda x: _head(layers.conv2d(x, UNITS, 3, name="conv", **settings))


def _conv_model(*before, **settings):
    given = {"kernel_size": 3, "name": "conv", **settings}
    return [*before, L.Conv2D(UNITS, **given), L.Flatten(), L.Dense(2, name="head")]


def _padded(x):
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return _head(layers.conv2d(x, UNITS, 3, strides=2, name="conv"))


def _blocks(x):
    """A dilated convolution as 1.15 writes it."""
    kernel = v1.get_variable("conv/kernel", [3, 3, 3, UNITS])
    y = tf.nn.conv2d(tf.space_to_batch(x, [2, 2], [[2, 2], [2, 2]]), kernel, 1, "VALID")
    bias = v1.get_variable("conv/bias", [UNITS])
    return _head(tf.nn.bias_add(v1.batch_to_space_nd(y, [2, 2], [[0, 0], [0, 0]]), bias))


def _bottleneck(x):
    """The stride on the 3x3 kernel, as in slim and the official models."""
    y = layers.conv2d(x, UNITS, 1, name="reduce")
    return _head(layers.conv2d(y, UNITS + 1, 3, strides=2, padding="same", name="conv"))


def _bottleneck_model(first, second):
    reduce = L.Conv2D(UNITS, 1, strides=first, name="reduce")
    conv = L.Conv2D(UNITS + 1, 3, strides=second, padding="same", name="conv")
    return [reduce, conv, L.Flatten(), L.Dense(2, name="head")]


def _norm(**settings):
    return lambda x: _head(layers.batch_normalization(x, name="bn", **settings))


def _norm_model(**settings):
    return [L.BatchNormalization(name="bn", **settings), L.Flatten(), L.Dense(2, name="head")]


def _by_hand(x):
    """A batch norm of several ops, as programs write it themselves."""
    with v1.variable_scope("bn"):
        names = ("moving_mean", "moving_variance", "beta", "gamma")
        values = [v1.get_variable(name, [3], trainable=name[0] != "m") for name in names]
    return _head(tf.nn.batch_normalization(x, *values, 0.01))


def _layer_norm(x):
    return _head(layers.layer_norm(x, begin_norm_axis=-1, begin_params_axis=-1, scope="ln"))


def _all_axes(x):
    return _head(layers.layer_norm(x, begin_norm_axis=1, begin_params_axis=-1, scope="ln"))


def _layer_norm_model(**settings):
    return [L.LayerNormalization(name="ln", **settings), L.Flatten(), L.Dense(2, name="head")]


class _AllAxes(L.LayerNormalization):
    """Says that it takes three axes together; it is never called."""

    def build(self, input_shape):
        self.axis = -1
        super().build(input_shape)
        self.axis = [1, 2, 3]


def _dropped(rate):
    def program(x):
        y = layers.dense(layers.flatten(x), UNITS, tf.nn.relu, name="first")
        return _head(layers.dropout(y, rate, training=True))

    return program


def _dropped_as_once(x):
    """Dropout as releases before 1.13 have it."""
    y = layers.dense(layers.flatten(x), UNITS, tf.nn.relu, name="first")
    kept = tf.floor(0.75 + tf.random.uniform(tf.shape(y)))
    return _head(tf.math.divide(y, 0.75) * kept)


def _dropped_as_in_1_15(x):
    y = layers.dense(layers.flatten(x), UNITS, tf.nn.relu, name="first")
    kept = tf.cast(tf.random.uniform(tf.shape(y)) >= 0.25, tf.float32)
    return _head(y * (1 / 0.75) * kept)


def _dropped_model(rate):
    return _dense_model(L.Dropout(rate), activation="relu")


CASES = {
    "gelu": Case(
        "activation",
        _dense(_tanh_gelu),
        lambda: _dense_model(activation=lambda x: keras.activations.gelu(x, approximate=True)),
        lambda: _dense_model(activation="gelu"),
        "activation gelu(tanh) in the v1 graph, gelu(erf) in the model",
    ),
    "gelu by erf": Case(
        "activation",
        _dense(_erf_gelu),
        lambda: _dense_model(L.Activation("gelu")),
        lambda: _dense_model(activation="silu"),
        "activation gelu(erf) in the v1 graph, swish in the model",
    ),
    "leaky": Case(
        "activation",
        _dense(_leaky),
        lambda: _dense_model(L.LeakyReLU(0.1)),
        lambda: _dense_model(L.LeakyReLU(0.3)),
        "activation leaky_relu(0.1) in the v1 graph, leaky_relu(0.3) in the model",
    ),
    "none": Case(
        "activation",
        _dense(tf.nn.relu6),
        lambda: _dense_model(L.ReLU(6)),
        lambda: _dense_model(),
        "activation relu6 in the v1 graph, linear in the model",
    ),
    "behind a norm": Case(
        "activation",
        lambda x: _head(tf.nn.elu(layers.batch_normalization(x, name="bn"))),
        lambda: [L.BatchNormalization(name="bn"), L.ELU(), *_norm_model()[1:]],
        lambda: [L.BatchNormalization(name="bn"), L.Activation("relu"), *_norm_model()[1:]],
        "activation elu in the v1 graph, relu in the model",
    ),
    "epsilon": Case(
        "epsilon",
        _norm(epsilon=1e-3),
        lambda: _norm_model(epsilon=1e-3),
        lambda: _norm_model(epsilon=1e-5),
        "epsilon 0.001 in the v1 graph, 1e-05 in the model",
    ),
    "epsilon by hand": Case(
        "epsilon",
        _by_hand,
        lambda: _norm_model(epsilon=1e-2),
        lambda: _norm_model(),
        "epsilon 0.01 in the v1 graph, 0.001 in the model",
    ),
    "epsilon of a layer norm": Case(
        "epsilon",
        _layer_norm,
        lambda: _layer_norm_model(epsilon=1e-12),
        lambda: _layer_norm_model(epsilon=1e-6),
        "epsilon 1e-12 in the v1 graph, 1e-06 in the model",
    ),
    "axes": Case(
        "axes",
        _all_axes,
        lambda: [_AllAxes(epsilon=1e-12, name="ln"), *_layer_norm_model()[1:]],
        lambda: _layer_norm_model(epsilon=1e-12),
        "number of axes that a norm takes together 3 in the v1 graph, 1 in the model",
    ),
    "momentum": Case(
        "momentum",
        _norm(momentum=0.9, training=True),
        lambda: _norm_model(momentum=0.9),
        lambda: _norm_model(momentum=0.99),
        "momentum of moving statistics 0.9 in the v1 graph, 0.99 in the model "
        "(for further training only)",
        trains=True,
    ),
    "scale": Case(
        "scale",
        _norm(scale=False),
        lambda: _norm_model(scale=False),
        lambda: _norm_model(gamma_initializer=ONES),
        "scale of a norm: none in the v1 graph, gamma in the model (for further training only)",
    ),
    "center": Case(
        "center",
        _norm(),
        lambda: _norm_model(),
        lambda: _norm_model(center=False),
        "offset of a norm: bn/beta in the v1 graph, none in the model",
    ),
    "scale of a layer norm": Case(
        "scale",
        _layer_norm,
        lambda: _layer_norm_model(epsilon=1e-12),
        lambda: _layer_norm_model(epsilon=1e-12, scale=False),
        "scale of a norm: ln/gamma in the v1 graph, none in the model",
    ),
    "center by hand": Case(
        "center",
        _by_hand,
        lambda: _norm_model(epsilon=1e-2),
        lambda: _norm_model(epsilon=1e-2, center=False),
        "offset of a norm: bn/beta in the v1 graph, none in the model",
    ),
    "strides": Case(
        "strides",
        _conv(strides=2),
        lambda: _conv_model(strides=2),
        lambda: _conv_model(),
        "strides 2x2 in the v1 graph, 1x1 in the model (3x3 kernel)",
    ),
    "place of strides": Case(
        "stride_place",
        _bottleneck,
        lambda: _bottleneck_model(1, 2),
        lambda: _bottleneck_model(2, 1),
        "strides 2x2 on the 3x3 kernel after it in the v1 graph, on the 1x1 kernel in the model",
    ),
    "padding": Case(
        "padding",
        _padded,
        lambda: _conv_model(L.ZeroPadding2D(1), strides=2),
        lambda: _conv_model(strides=2, padding="same"),
        "padding 1+1 x 1+1 pixels in the v1 graph, 'SAME' in the model: outputs differ for its "
        "images of 8x8 (3x3 kernel, strides 2x2)",
    ),
    "padding that comes to the same": Case(
        "padding",
        _conv(padding="same"),
        lambda: _conv_model(L.ZeroPadding2D(1)),
        lambda: _conv_model(L.ZeroPadding2D(((2, 0), (2, 0)))),
        "padding 'SAME' in the v1 graph, 2+0 x 2+0 pixels in the model: outputs differ for its "
        "images of 8x8 (3x3 kernel, strides 1x1)",
    ),
    "dilation": Case(
        "dilation",
        _conv(dilation_rate=2, padding="same"),
        lambda: _conv_model(dilation_rate=2, padding="same"),
        lambda: _conv_model(padding="same"),
        "dilation 2x2 in the v1 graph, 1x1 in the model",
    ),
    "dilation by blocks": Case(
        "dilation",
        _blocks,
        lambda: _conv_model(dilation_rate=2, padding="same"),
        lambda: _conv_model(dilation_rate=3, padding="same"),
        "dilation 2x2 in the v1 graph, 3x3 in the model",
    ),
    "data format": Case(
        "data_format",
        _conv(data_format="channels_first"),
        lambda: _conv_model(data_format="channels_first"),
        lambda: _conv_model(),
        "data format of images: channels_first in the v1 graph, channels_last in the model",
        shape=(3, SIZE, SIZE),
    ),
    **{
        name: Case(
            "dropout",
            program,
            lambda: _dropped_model(0.25),
            lambda: _dropped_model(0.5),
            "rate of dropout 0.25 in the v1 graph, 0.5 in the model (for further training only)",
            trains=True,
        )
        for name, program in {
            "dropout": _dropped(0.25),
            "dropout of 1.15": _dropped_as_in_1_15,
            "dropout of 1.0": _dropped_as_once,
        }.items()
    },
}


def _model(made, shape):
    return keras.Sequential([keras.Input(shape, name="x"), *made])


def _program(case):
    def program():
        x = v1.placeholder(tf.float32, [None, *case.shape], "x")
        y = case.program(x)
        if case.trains:
            v1.train.GradientDescentOptimizer(0.1).minimize(
                tf.reduce_mean(tf.square(y)), var_list=v1.trainable_variables()[-1:]
            )

    return program


def _others(case):
    """The same images, in the order in which the other model takes them."""
    return (SIZE, SIZE, 3) if case.kind == "data_format" else case.shape


@pytest.mark.parametrize("name", CASES)
def test_one_setting_that_differs_is_found_and_else_nothing(name, tmp_path):
    case = CASES[name]
    prefix = saved(tmp_path, _program(case))
    found = []
    for make, shape in ((case.alike, case.shape), (case.other, _others(case))):
        keras.utils.clear_session()
        model = _model(make(), shape)
        found.append(lint(plan_migration(prefix, model), model))
    assert found[0].findings == (), str(found[0])
    assert found[0].compared[case.kind.replace("stride_place", "strides")]
    mine = [one for one in found[1].findings if one.kind == case.kind]
    assert [one.text for one in mine] == [case.text], str(found[1])
    assert {one.kind for one in found[1].findings} == {case.kind}, str(found[1])


@pytest.fixture(scope="module")
def batches(tmp_path_factory):
    """The prefixes of a graph that normalises by batches though it has no gradients, and of one."""
    prefixes = []
    for trains in (False, True):
        case = Case("statistics", _norm(training=True), _norm_model, _norm_model, "", trains=trains)
        prefixes.append(saved(tmp_path_factory.mktemp("batches"), _program(case)))
    return prefixes


def test_statistics_of_the_batch_at_inference_are_said(batches):
    model = _model(_norm_model(), (SIZE, SIZE, 3))
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
    prefix = saved(tmp_path, _program(case))
    model = _model([L.LSTM(UNITS, name="lstm")], case.shape)
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
    case = Case("activation", _dense(tf.tanh), None, None, "")
    return saved(tmp_path_factory.mktemp("plain"), _program(case))


@pytest.fixture(scope="module")
def rectified(tmp_path_factory):
    """The prefix of a graph with a layer norm and a relu."""
    args = {"begin_norm_axis": -1, "begin_params_axis": -1, "scope": "ln"}
    case = Case("", lambda x: _head(tf.nn.relu(layers.layer_norm(x, **args))), None, None, "")
    return saved(tmp_path_factory.mktemp("rectified"), _program(case))


def test_a_graph_is_needed(plain):
    model = _model(_dense_model(activation="relu"), (SIZE, SIZE, 3))
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
    model = _model([_OwnNorm(epsilon, activation), *_layer_norm_model()[1:]], (SIZE, SIZE, 3))
    result = lint(plan_migration(rectified, model), model)
    assert [one.text for one in result.findings] == found
    assert (result.compared["epsilon"], result.compared["axes"]) == (1, 1)


def test_what_cannot_be_read_is_not_compared(plain):
    model = _model(_dense_model(_Shouted()), (SIZE, SIZE, 3))
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
    model = _model(_dense_model(activation="relu"), (SIZE, SIZE, 3))
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
        return _head(x)

    prefix = saved(tmp_path, _program(Case("epsilon", program, None, None, "")))
    norms = [L.BatchNormalization(name=f"bn{n}") for n in range(5)]
    model = _model([*norms, L.Flatten(), L.Dense(2, name="head")], (SIZE, SIZE, 3))
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
    model = _model(_dense_model(activation="tanh"), (SIZE, SIZE, 3))
    plan = plan_migration(plain, model)
    with CHECKS.with_(Units()):
        (found,) = lint(plan, model).findings
    assert str(found) == "many are wanted, four are there: first (first)"
