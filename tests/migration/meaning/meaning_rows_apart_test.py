"""Variables with a row for each layer, which the graph takes apart row by row."""

import keras
import pytest
import tensorflow as tf
from shares import share
from v1_programs import saved, without_graph

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import PlanError
from tf1compat.keras3 import index_model
from tf1compat.migration import Plan, Status, plan_migration, prove
from tf1compat.migration.verification.settling import settle
from tf1compat.names import Rule

v1 = tf.compat.v1
BLOCKS, UNITS = 3, 5
WORDS = ("first", "second", "third")


def variable(name, *shape):
    return v1.get_variable(name, shape, initializer=v1.random_normal_initializer())


def mixed(h, a, b, c):
    return tf.tanh(h + a) + 2.0 * tf.tanh(h + b) - 3.0 * tf.tanh(h + c)


def mixing(*, scope="block_{}", of=lambda x: x):
    """A program whose blocks take a row each of three variables that stand beside them."""

    def build():
        h = v1.placeholder(tf.float32, [None, UNITS], "x")
        with v1.variable_scope("net"):
            stacks = [of(variable(f"{word}_offset", BLOCKS, UNITS)) for word in WORDS]
            for block in range(BLOCKS):
                with v1.variable_scope(scope.format(block)):
                    h = mixed(h @ variable("kernel", UNITS, UNITS), *(s[block] for s in stacks))
        tf.identity(h, name="y")

    return build


class Mixed(keras.layers.Layer):
    """The same, its weights called by other words."""

    def build(self, _):
        self.kernel = self.add_weight(shape=(UNITS, UNITS), name="kernel")
        names = ("upper_bias", "middle_bias", "lower_bias")
        self.offsets = [self.add_weight(shape=(UNITS,), name=name) for name in names]

    def call(self, x):
        ops, (a, b, c) = keras.ops, self.offsets
        h = x @ self.kernel
        return ops.tanh(h + a) + 2.0 * ops.tanh(h + b) - 3.0 * ops.tanh(h + c)


def model(names=("blend_0", "blend_1", "blend_2")):
    x = h = keras.Input((UNITS,), name="x")
    for name in names:
        h = Mixed(name=name)(h)
    return index_model(keras.Model(x, h))


def unmoved(x):
    return x


def identical(x):
    return tf.identity(x)


@pytest.mark.parametrize(
    ("of", "scope"),
    share(
        [
            *((unmoved, "block_{}"), (unmoved, "deep/block{}"), (identical, "deep/block{}")),
            *((identical, "block_{}"), (tf.unstack, "block_{}"), (tf.unstack, "deep/block{}")),
        ],
        2,
    ),
)
def test_rows_go_to_the_layers_that_use_them_and_computing_tells_which(of, scope, tmp_path):
    """216 assignments are too many, but blocks are filled alike."""
    prefix, index = saved(tmp_path, mixing(of=of, scope=scope)), model()
    plan = plan_migration(prefix, index)
    assert (plan.unfilled, plan.unexplained) == ((), ())
    assert Plan.from_json(plan.to_json()) == plan
    found = settle(plan, index, open_checkpoint(prefix))
    assert found.why == ""
    assert {*prove(found.plan, index).lines.values()} == {Status.PROVED}
    of_row = [fill for fill in found.plan.fills if fill.target == "blend_1/middle_bias"]
    assert [fill.sources for fill in of_row] == [("net/second_offset",)]
    assert of_row[0].layout == "split(0, 1, 2) | squeeze(0)"
    assert "of 6 assignments that are alike in numbered layers" in of_row[0].why
    assert "uses each of the 3 rows of net/second_offset by itself" in of_row[0].why
    assert Plan.from_json(found.plan.to_json()) == found.plan


def test_layers_that_stand_in_another_order_than_their_numbers_go_by_the_flow(tmp_path):
    """Names say one order and what both graphs compute another."""
    prefix, index = saved(tmp_path, mixing()), model(("blend_2", "blend_0", "blend_1"))
    plan = plan_migration(prefix, index)
    sources = {fill.target: fill.sources for fill in plan.fills}
    assert sources["blend_2/kernel"] == ("net/block_0/kernel",)
    found = settle(plan, index, open_checkpoint(prefix))
    assert found.why == ""
    assert {*prove(found.plan, index).lines.values()} == {Status.PROVED}


def chain(order, scope, *, again=False):
    """A program of layers in a row, each of which takes the row of a number of both variables."""

    def build():
        h = v1.placeholder(tf.float32, [None, UNITS], "x")
        kernels, biases = (
            variable("kernels", BLOCKS, UNITS, UNITS),
            variable("biases", BLOCKS, UNITS),
        )
        for number, row in enumerate(order):
            with v1.variable_scope(scope.format(number)):
                scale = variable("scale", UNITS) if scope else 1.0
            with v1.variable_scope(scope.format(number) if again else ""):
                h = tf.matmul(h, kernels[row], transpose_b=True) + biases[row]
                h = tf.tanh(h * scale)
        tf.identity(h, name="y")

    return build


def dense_chain(names, *, scaled):
    x = h = keras.Input((UNITS,), name="x")
    for name in names:
        h = keras.layers.Dense(UNITS, name=name)(h)
        if scaled:
            h = Scaled(name=f"{name}_scaled")(h)
        h = keras.layers.Activation("tanh")(h)
    return index_model(keras.Model(x, h))


class Scaled(keras.layers.Layer):
    def build(self, _):
        self.scale = self.add_weight(shape=(UNITS,), name="scale")

    def call(self, x):
        return x * self.scale


@pytest.mark.parametrize(
    ("scope", "again", "order", "names"),
    share(
        (
            (scope, scope != "", order, names)
            for scope in ("", "layer_{}")
            for order in ((2, 1, 0), (1, 2, 0))
            for names in (("layer_0", "layer_1", "layer_2"), ("a", "b", "c"))
        ),
        3,
    ),
)
def test_rows_follow_the_graph_and_not_their_numbers(scope, again, order, names, tmp_path):
    """And their kernels are turned as the graph turns them."""
    prefix = saved(tmp_path, chain(order, scope, again=again))
    index = dense_chain(names, scaled=bool(scope))
    plan = settle(plan_migration(prefix, index), index, open_checkpoint(prefix)).plan
    assert plan.complete, str(plan)
    layouts = {fill.target: fill.layout for fill in plan.fills if "scale" not in fill.target}
    taken = [f"split(0, {row}, {row + 1}) | squeeze(0)" for row in order]
    assert layouts == {
        f"{name}/{leaf}": f"{row}{turned}"
        for name, row in zip(names, taken, strict=True)
        for leaf, turned in (("kernel", " | transpose(1, 0)"), ("bias", ""))
    }
    assert {*prove(plan, index).lines.values()} == {Status.PROVED}


def test_ways_of_other_variables_are_no_plan(tmp_path):
    plan = plan_migration(saved(tmp_path, mixing()), model())
    text = plan.to_json().replace('"net/first_offset"\n     ]', '"net/second_offset"\n     ]')
    with pytest.raises(PlanError, match=r"expected ways of net/third_offset, .*, found others"):
        Plan.from_json(text)


RULES = [
    Rule(rf"net/{word}_offset", f"blend_{{row}}/{other}_bias")
    for word, other in zip(WORDS, ("upper", "middle", "lower"), strict=True)
]


def test_a_rule_for_all_rows(tmp_path):
    prefix, index = saved(tmp_path, mixing()), model()
    plan = plan_migration(without_graph(prefix), index, RULES)
    assert plan.complete, str(plan)
    assert prove(plan_migration(prefix, index, RULES), index).agrees
    rows = {fill.target: fill.layout for fill in plan.fills if "lower" in fill.target}
    assert rows == {
        f"blend_{n}/lower_bias": f"split(0, {n}, {n + 1}) | squeeze(0)" for n in range(3)
    }
