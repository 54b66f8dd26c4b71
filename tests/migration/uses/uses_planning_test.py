"""Plans that follow from how both sides use a pair: turned, in other gates, or no pair at all."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from v1_programs import saved, without_graph

from tf1compat.errors import RuleError
from tf1compat.keras3 import index_model
from tf1compat.migration import Status, plan_migration, prove
from tf1compat.migration.reports.offenders import offender_lines
from tf1compat.migration.uses.of_targets import target_uses
from tf1compat.names import Rule

v1 = tf.compat.v1
L = keras.layers


@keras.saving.register_keras_serializable("uses_planning")
class Product(L.Layer):
    """A layer of a user's own, whose weight has a name that says nothing."""

    def __init__(self, units, *, turned, **others):
        super().__init__(**others)
        self.units, self.turned = units, turned

    def build(self, shape):
        sizes = (shape[-1], self.units)
        self.theta = self.add_weight(shape=sizes[::-1] if self.turned else sizes, name="theta")

    def call(self, x):
        return x @ (keras.ops.transpose(self.theta) if self.turned else self.theta)


class Table(L.Layer):
    def build(self, shape):
        self.values = self.add_weight(shape=(7, 3), name="values")

    def call(self, ids):
        return keras.ops.take(self.values, ids, axis=0)


class PerChannel(L.Layer):
    def build(self, shape):
        self.theta = self.add_weight(shape=(3, 3, shape[-1], 1), name="theta")

    def call(self, x):
        return keras.ops.depthwise_conv(x, self.theta, padding="same")


def model_of(layer, *shape, dtype="float32"):
    x = keras.Input(shape, dtype=dtype, name="x")
    return index_model(keras.Model(x, layer(x)))


def product(rows, columns, *, turned=False):
    def build():
        x = v1.placeholder(tf.float32, [None, columns if turned else rows], "x")
        w = v1.get_variable("head/w", [rows, columns])
        tf.matmul(x, w, transpose_b=turned, name="y")

    return build


TURNED = [
    (product(4, 4), Product(4, turned=True), 4, "transpose(1, 0)"),
    (product(4, 4), Product(4, turned=False), 4, "identity"),
    (product(4, 4, turned=True), Product(4, turned=True), 4, "identity"),
    (product(3, 4, turned=True), Product(3, turned=False), 4, "transpose(1, 0)"),
    (product(3, 4, turned=True), L.Dense(3, use_bias=False), 4, "transpose(1, 0)"),
    (
        product(3, 4, turned=True),
        L.Conv1D(3, 1, use_bias=False),
        None,
        "transpose(1, 0) | expand(0)",
    ),
    (product(4, 6), L.EinsumDense("ab,cdb->acd", (2, 3)), 4, "transpose(1, 0) | reshape(2, 3, 4)"),
]


@pytest.mark.parametrize(("build", "layer", "inputs", "layout"), TURNED)
def test_a_kernel_is_turned_where_the_uses_differ(build, layer, inputs, layout, tmp_path):
    prefix = saved(tmp_path, build)
    index = model_of(layer, inputs) if inputs else model_of(layer, 1, 4)
    plan = plan_migration(prefix, index)
    (fill,) = plan.fills
    assert fill.layout == layout
    assert ("used" in {reason.kind.name for reason in fill.because}) == (layout != "identity")
    if len(index.model.output.shape) == 2:
        assert set(prove(plan, index).lines.values()) == {Status.PROVED}


def test_the_plan_says_from_what_it_follows(tmp_path):
    prefix = saved(tmp_path, product(4, 4))
    (fill,) = plan_migration(prefix, model_of(Product(4, turned=True, name="mine"), 4)).fills
    assert fill.why.startswith(
        "the v1 graph uses head/w as a product (MatMul) over (in, out), and the model mine/theta "
        "as a product (MatMul) over (out, in)"
    )


def test_a_rule_that_says_no_layout_means_the_one_that_follows(tmp_path):
    prefix = saved(tmp_path, product(4, 4))
    index = model_of(Product(4, turned=True, name="mine"), 4)
    rule = {"source": "head/w", "target": "mine/theta"}
    (fill,) = plan_migration(prefix, index, [Rule(**rule)]).fills
    assert fill.layout == "transpose(1, 0)"
    assert [reason.kind.name for reason in fill.because] == ["rule", "used"]
    (fill,) = plan_migration(prefix, index, [Rule(**rule, layout="identity")]).fills
    assert fill.layout == "identity"


def test_a_rule_across_arithmetic_is_asked_for_a_layout(tmp_path):
    prefix = saved(tmp_path, convolved([3, 3, 2, 1]))
    index = model_of(PerChannel(name="c"), 4, 4, 2)
    rule = {"source": "c/kernel", "target": "c/theta"}
    with pytest.raises(RuleError, match="equal shape isn't equal arithmetic"):
        plan_migration(prefix, index, [Rule(**rule)])
    assert len(plan_migration(prefix, index, [Rule(**rule, layout="identity")]).fills) == 1


def test_without_a_graph_nothing_is_turned(tmp_path):
    bare = without_graph(saved(tmp_path, product(3, 4, turned=True)))
    plan = plan_migration(bare, model_of(L.Dense(3, use_bias=False), 4))
    assert plan.fills == ()
    assert "fits transposed: a rule with layout='transpose(1, 0)' says so" in str(plan)


def test_roles_of_a_users_own_layers_come_from_their_uses(tmp_path):
    """By name and shape each could be either: what is looked up goes to what looks up."""

    def build():
        ids = v1.placeholder(tf.int32, [None], "x")
        rows = tf.nn.embedding_lookup(v1.get_variable("Variable", [7, 3]), ids)
        tf.identity(rows @ v1.get_variable("Variable_1", [3, 7]), name="y")

    x = keras.Input((), dtype="int32", name="x")
    index = index_model(keras.Model(x, Product(7, turned=True)(Table()(x))))
    plan = plan_migration(saved(tmp_path, build), index)
    assert {fill.target: (*fill.sources, fill.layout) for fill in plan.fills} == {
        "table/values": ("Variable", "identity"),
        "product/theta": ("Variable_1", "transpose(1, 0)"),
    }
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}


class Positions(L.Layer):
    def build(self, shape):
        self.table = self.add_weight(shape=shape[1:], name="position_embeddings")

    def call(self, x):
        return x + self.table


def test_a_table_that_is_added_is_no_bias(tmp_path):
    def build():
        x = v1.placeholder(tf.float32, [None, 3, 2], "x")
        table = v1.get_variable("position_embeddings", [5, 2])
        tf.add(x, tf.nn.embedding_lookup(table, tf.range(3)), name="y")

    index = model_of(Positions(name="positions"), 5, 2)
    (fill,) = plan_migration(saved(tmp_path, build), index).fills
    assert (fill.sources, fill.layout) == (("position_embeddings",), "identity")


def convolved(shape, *, padding="SAME"):
    def build():
        x = v1.placeholder(tf.float32, [None, 4, 4, 2], "x")
        y = tf.nn.conv2d(x, v1.get_variable("c/kernel", shape), 1, padding)
        tf.identity(y, name="y")

    return build


def test_equal_shape_is_no_pair_where_the_arithmetic_differs(tmp_path):
    plan = plan_migration(
        saved(tmp_path, convolved([3, 3, 2, 1])), model_of(PerChannel(name="c"), 4, 4, 2)
    )
    assert plan.fills == ()
    (problem,) = plan.unfilled
    assert str(problem).startswith(
        "c/theta: expected a variable that is used as a depthwise convolution "
        "(DepthwiseConv2dNative) over (space0, space1, in, multiplier), found one that is used as "
        "a convolution (Conv2D) over (space0, space1, in, out) [c/kernel]"
    )


def test_what_the_graph_turns_round_is_not_taken_as_it_stands(tmp_path):
    def build():
        x = v1.placeholder(tf.float32, [None, 4], "x")
        tf.matmul(x, v1.get_variable("c/kernel", [4, 4])[::-1], name="y")

    x = keras.Input((4,), name="x")
    index = index_model(keras.Model(x, L.Dense(4, use_bias=False, name="c")(x)))
    plan = plan_migration(saved(tmp_path, build), index)
    assert not plan.fills
    assert "found one that is used as a product (MatMul) over (-in, out)" in str(plan)


@pytest.mark.parametrize("backwards", [False, True])
def test_variables_of_a_tutorial_go_where_the_graph_uses_them(backwards, tmp_path):
    """Their names count them as they were made, which may be from the last layer on."""
    sizes = [(8, 8), (8, 8), (8, 3)]

    def build():
        made = [
            [v1.Variable(tf.random.normal(s)) for s in (size, size[1:])]
            for size in (sizes[::-1] if backwards else sizes)
        ]
        h = v1.placeholder(tf.float32, [None, 8], "x")
        for kernel, bias in made[::-1] if backwards else made:
            h = tf.tanh(h @ kernel + bias)
        tf.identity(h, name="y")

    x = h = keras.Input((8,), name="x")
    for name, (_, units) in zip(("first", "second", "third"), sizes, strict=True):
        h = L.Dense(units, activation="tanh", name=name)(h)
    index = index_model(keras.Model(x, h))
    plan = plan_migration(saved(tmp_path, build), index)
    assert plan.complete, str(plan)
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}


def test_two_that_are_wanted_are_no_copies(tmp_path):
    def build():
        x = v1.placeholder(tf.float32, [None, 4], "x")
        for scope in ("dense", "dense_1"):
            kernel, bias = (v1.get_variable(f"{scope}/{n}", s) for n, s in SIZES.items())
            tf.add(x @ kernel, bias, name=f"{scope}/y")

    x = keras.Input((4,), name="x")
    model = keras.Model(x, [L.Dense(4, name=name)(x) for name in ("mu", "sigma")])
    plan = plan_migration(saved(tmp_path, build), index_model(model))
    assert len(plan.ambiguities) == 1
    assert not any("hold the same names" in line for line in offender_lines(plan))


SIZES = {"kernel": (4, 4), "bias": (4,)}
FLAT = [
    ([3, 3, 2, 5], "VALID", 18, 0),
    ([1, 1, 2, 5], "SAME", 2, 1),
    ([4, 4, 2, 5], "VALID", 32, 1),
]


@pytest.mark.parametrize(("shape", "padding", "rows", "pairs"), FLAT)
def test_a_convolution_is_a_product_over_one_place_or_a_whole_image(
    shape, padding, rows, pairs, tmp_path
):
    prefix = saved(tmp_path, convolved(shape, padding=padding))
    image = keras.Input((4, 4, 2), name="x")
    flat = L.Flatten()(image)  # without any reader, Keras before 3.14 takes no input
    if rows != 32:
        flat = keras.Input((rows,))
    ends = [image, flat] if rows != 32 else image
    model = keras.Model(ends, L.Dense(5, use_bias=False, name="c")(flat))
    assert len(plan_migration(prefix, index_model(model)).fills) == pairs


def test_gates_of_a_cell_of_a_users_own(tmp_path):
    """Kernels apart as in Keras, gates as in 1.15's cells: no name and no shape tells."""

    def build():
        x = v1.placeholder(tf.float32, [2, 3, 3], "x")
        kernel, recurrent = v1.get_variable("cell/w", [3, 16]), v1.get_variable("cell/r", [4, 16])
        bias = v1.get_variable("cell/b", [16])
        h = c = tf.zeros([2, 4])
        for step in range(3):
            z = tf.nn.bias_add(x[:, step] @ kernel + h @ recurrent, bias)
            i, j, f, o = tf.split(z, 4, axis=1)
            c = c * tf.sigmoid(f + 0.5) + tf.sigmoid(i) * tf.tanh(j)
            h = tf.sigmoid(o) * tf.tanh(c)
        tf.identity(h, name="y")

    index = model_of(L.LSTM(4, name="cell"), 3, 3)
    plan = plan_migration(saved(tmp_path, build), index)
    assert {fill.target: (*fill.sources, fill.layout) for fill in plan.fills} == {
        "cell/cell/kernel": ("cell/w", "blocks(0, 2, 1, 3)"),
        "cell/cell/recurrent_kernel": ("cell/r", "blocks(0, 2, 1, 3)"),
        "cell/cell/bias": ("cell/b", "blocks(0, 2, 1, 3) | forget_bias(0.5)"),
    }
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}


class Cell(L.Layer):
    """A user's own cell, its kernel over inputs and state as in 1.x, its gates as in Keras."""

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1] + 4, 16), name="w")
        self.b = self.add_weight(shape=(16,), name="b")

    def call(self, x):
        h = c = keras.ops.zeros((x.shape[0] or 1, 4))
        for step in range(x.shape[1]):
            z = keras.ops.concatenate([x[:, step], h], 1) @ self.w + self.b
            i, f, g, o = keras.ops.split(z, 4, axis=1)
            c = c * keras.ops.sigmoid(f) + keras.ops.sigmoid(i) * keras.ops.tanh(g)
            h = keras.ops.sigmoid(o) * keras.ops.tanh(c)
        return h


def test_a_cell_of_a_users_own_is_read_from_its_graph(tmp_path):
    index = model_of(Cell(name="cell"), 3, 3)
    (use,) = target_uses(index, ["cell/w"])["cell/w"]
    assert use.gates == ("input", "forget", "candidate", "output")

    def build():
        x = v1.placeholder(tf.float32, [2, 7], "x")
        w, b = v1.get_variable("cell/w", [7, 16]), v1.get_variable("cell/b", [16])
        tf.nn.relu(x @ w + b, name="y")

    plan = plan_migration(saved(tmp_path, build), index)
    assert plan.fills == ()
    assert "cell/w: expected a source with the gates input, forget, candidate, output" in str(plan)


def test_on_other_backends_the_table_tells_and_nothing_is_traced(monkeypatch):
    x = keras.Input((4,))
    model = keras.Model(x, L.Dense(2, name="out")(Product(4, turned=True, name="mine")(x)))
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    assert [*target_uses(index_model(model), ["mine/theta", "out/kernel"])] == ["out/kernel"]


def test_a_layer_within_a_users_own_model_is_traced_by_itself():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = Product(5, turned=True), Product(2, turned=False)

        def call(self, x):
            return self.second(self.first(x))

    model = Own()
    model(np.zeros((2, 4), np.float32))
    index = index_model(model)
    graphs = [index.graph_of(layer) for layer in ("first", "second")]
    assert [set(graph.weights.values()) for graph in graphs] == [{"first/theta"}, {"second/theta"}]


def test_what_is_used_outside_of_its_layer_is_read_from_the_whole_model():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.product = Product(5, turned=False)
            self.back = self.add_weight(shape=(4, 5), name="back")

        def call(self, x):
            return self.product(x) @ keras.ops.transpose(self.back) @ self.product.theta

    model = Own()
    model(np.zeros((2, 4), np.float32))
    uses = target_uses(index_model(model), ["back", "product/theta"])
    assert {path: {use.axes for use in some} for path, some in uses.items()} == {
        "back": {("out", "in")},
        "product/theta": {("in", "out")},
    }
