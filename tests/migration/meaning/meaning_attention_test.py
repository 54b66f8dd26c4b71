"""Queries, keys and values in one kernel on one side and apart on the other."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from shares import share
from v1_programs import saved, without_graph

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.keras3 import index_model
from tf1compat.migration import Assumptions, Status, convert, plan_migration, prove
from tf1compat.testing import assert_arrays_equal

v1 = tf.compat.v1
STEPS, WIDTH, HEADS, SIZE = 5, 6, 2, 3


def _gpt2_split(product):
    parts = tf.split(product, 3, axis=2)
    return [tf.transpose(tf.reshape(p, [-1, STEPS, HEADS, SIZE]), [0, 2, 1, 3]) for p in parts]


def _by_head(product):
    heads = tf.reshape(product, [tf.shape(product)[0], STEPS, HEADS, 3 * SIZE])
    return [tf.transpose(p, [0, 2, 1, 3]) for p in tf.split(heads, 3, axis=-1)]


def _indexed(product):
    heads = tf.transpose(tf.reshape(product, [-1, STEPS, 3, HEADS, SIZE]), [2, 0, 3, 1, 4])
    return [heads[0], heads[1], heads[2]]


def _sliced(product):
    heads = tf.reshape(product, [-1, STEPS, HEADS, 3, SIZE])
    return [tf.transpose(heads[:, :, :, i], [0, 2, 1, 3]) for i in range(3)]


def _keys_first(product):
    key, query, value = _indexed(product)
    return [query, key, value]


def _program(split):
    """Attention in one scope, its kernel of three in the form of GPT-2's conv1d."""

    def conv1d(x, name, columns):
        with v1.variable_scope(name):
            kernel = v1.get_variable("w", [1, WIDTH, columns])
            bias = v1.get_variable("b", [columns])
        rows = tf.matmul(tf.reshape(x, [-1, WIDTH]), tf.reshape(kernel, [-1, columns]))
        return tf.reshape(rows + bias, [tf.shape(x)[0], STEPS, columns])

    def build():
        x = v1.placeholder(tf.float32, [None, STEPS, WIDTH], "x")
        with v1.variable_scope("attn"):
            query, key, value = split(conv1d(x, "qkv", 3 * WIDTH))
            scores = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) / np.sqrt(SIZE))
            merged = tf.transpose(tf.matmul(scores, value), [0, 2, 1, 3])
            tf.identity(conv1d(tf.reshape(merged, [-1, STEPS, WIDTH]), "c_proj", WIDTH), name="y")

    return build


def _attention():
    x = keras.Input((STEPS, WIDTH), name="x")
    layer = keras.layers.MultiHeadAttention(HEADS, SIZE, name="attention")
    return index_model(keras.Model(x, layer(x, x)))


def _in_order(kernel, part):
    return kernel[0].reshape(WIDTH, 3, HEADS, SIZE)[:, part]


def _in_heads(kernel, part):
    return kernel[0].reshape(WIDTH, HEADS, 3, SIZE)[:, :, part]


SPLITS = {
    "split": (_gpt2_split, _in_order, (0, 1, 2)),
    "by_head": (_by_head, _in_heads, (0, 1, 2)),
    "indexed": (_indexed, _in_order, (0, 1, 2)),
    "sliced": (_sliced, _in_heads, (0, 1, 2)),
    "keys_first": (_keys_first, _in_order, (1, 0, 2)),
}


@pytest.mark.parametrize("name", SPLITS)
def test_the_split_in_the_graph_tells_where_each_stands(name, tmp_path):
    split, expected, places = SPLITS[name]
    prefix, index = saved(tmp_path, _program(split)), _attention()
    plan = plan_migration(prefix, index)
    assert plan.complete, str(plan)
    proof = prove(plan, index)
    assert proof.agrees
    # A key's bias adds the same to all scores of a query.
    left = {target for target, status in proof.lines.items() if status != Status.PROVED}
    assert left <= {"attention/key/bias"}
    convert(plan, index)
    kernel = open_checkpoint(prefix)["attn/qkv/w"].read()
    for role, place in zip(("query", "key", "value"), places, strict=True):
        found = np.asarray(index[f"attention/{role}/kernel"].variable)
        assert_arrays_equal(found, expected(kernel, place))


def _as_gpt2(scores):
    shifted = tf.exp(scores - tf.reduce_max(scores, axis=-1, keepdims=True))
    return shifted / tf.reduce_sum(shifted, axis=-1, keepdims=True)


def _turned(scores):
    """What it sums up along, it could be queries or keys."""
    return tf.transpose(tf.nn.softmax(tf.transpose(scores, [0, 1, 3, 2])), [0, 1, 3, 2])


def _two_apart(axis, second, softmax=tf.nn.softmax):
    """Keys and values in one kernel; queries in one of their own."""

    def build():
        x = v1.placeholder(tf.float32, [None, STEPS, WIDTH], "x")

        def product(name, columns):
            with v1.variable_scope(name):
                kernel = v1.get_variable("kernel", [WIDTH, columns])
                bias = v1.get_variable("bias", [columns])
            rows = tf.matmul(tf.reshape(x, [-1, WIDTH]), kernel) + bias
            return tf.reshape(rows, [-1, STEPS, *_shape(columns // WIDTH, axis)])

        with v1.variable_scope("attn"):
            query = tf.squeeze(product("q", WIDTH), [axis])
            both = tf.unstack(product("kv", 2 * WIDTH), axis=axis)
            key, value = both if second == "value" else both[::-1]
            scores = softmax(tf.einsum("bqhd,bkhd->bhqk", query, key) / np.sqrt(SIZE))
            merged = tf.einsum("bhqk,bkhd->bqhd", scores, value)
            with v1.variable_scope("out"):
                kernel = v1.get_variable("kernel", [WIDTH, WIDTH])
                bias = v1.get_variable("bias", [WIDTH])
            rows = tf.matmul(tf.reshape(merged, [-1, WIDTH]), kernel) + bias
            tf.reshape(rows, [-1, STEPS, WIDTH], name="y")

    return build


def _shape(count, axis):
    return [count, HEADS, SIZE] if axis == 2 else [HEADS, count, SIZE]


@pytest.mark.parametrize(
    ("axis", "second", "softmax"),
    share(itertools.product([2, 3], ["value", "key"], [tf.nn.softmax, _as_gpt2]), 3),
)
def test_keys_and_values_may_be_in_one_kernel(axis, second, softmax, tmp_path):
    prefix, index = saved(tmp_path, _two_apart(axis, second, softmax)), _attention()
    plan = plan_migration(prefix, index)
    assert plan.complete, str(plan)
    proof = prove(plan, index)
    assert proof.agrees
    left = {target for target, status in proof.lines.items() if status != Status.PROVED}
    assert left <= {"attention/key/bias"}
    layouts = {fill.target: fill.layout for fill in plan.fills}
    taken = {2: "split(1, 6, 12)", 3: "group_part(1, 2, 2, 1)"}[axis]
    assert layouts[f"attention/{second}/kernel"] == f"{taken} | reshape(6, 2, 3)"


def test_where_the_graph_does_not_say_which_is_which_its_letters_do_not_either(tmp_path):
    prefix, index = saved(tmp_path, _two_apart(2, "key", _turned)), _attention()
    plan = plan_migration(prefix, index)
    assert not any("kv" in name for fill in plan.fills for name in fill.sources)
    assert "the graph takes it apart, and doesn't say which is which" in str(plan)
    said = plan_migration(prefix, index, assume=Assumptions(qkv_order="blocks"))
    layouts = {fill.target: fill.layout for fill in said.fills}
    assert layouts["attention/key/kernel"] == "split(1, 0, 6) | reshape(6, 2, 3)"


def test_keys_and_values_in_one_are_asked_about_without_a_graph(tmp_path):
    bare = without_graph(saved(tmp_path, _two_apart(3, "value")))
    plan = plan_migration(bare, _attention())
    asked = "".join(map(str, plan.unexplained))
    assert "keys and values in one kernel: whether all keys stand before all values" in asked
    said = plan_migration(bare, _attention(), assume=Assumptions(qkv_order="heads"))
    layouts = {fill.target: fill.layout for fill in said.fills}
    assert layouts["attention/value/kernel"] == "group_part(1, 2, 2, 1) | reshape(6, 2, 3)"


def test_two_kernels_go_into_one(tmp_path):
    shapes = {f"attn/{what}/kernel": (WIDTH, WIDTH) for what in ("value", "query", "key")}
    prefix, arrays = _bare(tmp_path, **shapes)
    x = keras.Input((STEPS, WIDTH))
    query = keras.layers.Dense(WIDTH, use_bias=False, name="query")(x)
    both = keras.layers.Dense(2 * WIDTH, use_bias=False, name="kv")(x)
    index = index_model(keras.Model(x, [query, both]))
    plan = plan_migration(prefix, index, assume=Assumptions(qkv_order="blocks"))
    assert plan.complete, str(plan)
    convert(plan, index)
    joined = np.concatenate([arrays["attn/key/kernel"], arrays["attn/value/kernel"]], 1)
    assert_arrays_equal(np.asarray(index["kv/kernel"].variable), joined)


def test_without_a_graph_the_order_is_asked(tmp_path):
    bare, index = without_graph(saved(tmp_path, _program(_by_head))), _attention()
    plan = plan_migration(bare, index)
    assert not any("qkv" in fill.sources[0] for fill in plan.fills)
    assert "say qkv_order='blocks' or 'heads'" in "".join(map(str, plan.unexplained))
    layouts = {
        said: next(
            fill.layout
            for fill in plan_migration(bare, index, assume=Assumptions(qkv_order=said)).fills
            if fill.target == "attention/value/kernel"
        )
        for said in ("blocks", "heads")
    }
    assert layouts == {
        "blocks": "split(2, 12, 18) | reshape(6, 2, 3)",
        "heads": "group_part(2, 2, 3, 2) | reshape(6, 2, 3)",
    }


def _bare(folder, **shapes):
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}
    write_checkpoint(folder / "model.ckpt", arrays)
    return folder / "model.ckpt", arrays


def test_gpt2s_own_name_tells(tmp_path):
    shapes = {"c_attn/w": (1, WIDTH, 18), "c_attn/b": (18,), "c_proj/w": (1, WIDTH, WIDTH)}
    prefix, _ = _bare(tmp_path, **{f"h0/attn/{k}": s for k, s in shapes.items()})
    layouts = {fill.target: fill.layout for fill in plan_migration(prefix, _attention()).fills}
    assert layouts["attention/key/kernel"] == "split(2, 6, 12) | reshape(6, 2, 3)"
    assert layouts["attention/key/bias"] == "split(0, 6, 12) | reshape(2, 3)"


def test_a_kernel_of_three_stays_one_where_the_model_has_one(tmp_path):
    prefix, _ = _bare(tmp_path, **{"attn/c_attn/w": (1, WIDTH, 18), "attn/c_attn/b": (18,)})
    plan = plan_migration(prefix, _dense("c_attn"))
    assert [fill.layout for fill in plan.fills] == ["squeeze(0)", "identity"]


def _dense(name):
    x = keras.Input((STEPS, WIDTH))
    return index_model(keras.Model(x, keras.layers.Dense(3 * WIDTH, name=name)(x)))


@pytest.mark.parametrize(
    ("shape", "said", "groups_first"),
    [((WIDTH, WIDTH), "blocks", False), ((WIDTH, HEADS, SIZE), "heads", True)],
)
def test_three_kernels_go_into_one(shape, said, groups_first, tmp_path):
    shapes = {f"attn/{what}/kernel": shape for what in ("value", "query", "key")}
    shapes |= {f"attn/{what}/bias": shape[1:] for what in ("value", "query", "key")}
    prefix, arrays = _bare(tmp_path, **shapes)
    index = _dense("qkv")
    asked = plan_migration(prefix, index)
    assert "say qkv_order=" in "".join(map(str, asked.unexplained))
    plan = plan_migration(prefix, index, assume=Assumptions(qkv_order=said))
    assert plan.complete, str(plan)
    convert(plan, index)
    three = np.stack(
        [
            arrays[f"attn/{what}/kernel"].reshape(WIDTH, HEADS, SIZE)
            for what in ("query", "key", "value")
        ],
        axis=2 if groups_first else 1,
    )
    found = np.asarray(index["qkv/kernel"].variable)
    assert_arrays_equal(found, three.reshape(WIDTH, 3 * WIDTH))


def test_two_heads_orders_cannot_be_told_from_flat_kernels(tmp_path):
    shapes = {f"attn/{what}/kernel": (WIDTH, WIDTH) for what in ("query", "key", "value")}
    prefix, _ = _bare(tmp_path, **shapes)
    plan = plan_migration(prefix, _dense("qkv"), assume=Assumptions(qkv_order="heads"))
    assert not plan.fills
    assert "nothing says how many heads" in "".join(map(str, plan.unexplained))


def test_gates_are_no_attention(tmp_path):
    """A product taken apart into three beside attention is not asked about."""

    def build():
        x = v1.placeholder(tf.float32, [None, STEPS, WIDTH], "x")
        kernel = v1.get_variable("mix/kernel", [WIDTH, 3 * WIDTH])
        a, b, c = tf.split(tf.matmul(tf.reshape(x, [-1, WIDTH]), kernel), 3, axis=1)
        tf.add(tf.sigmoid(a) * tf.tanh(b), c, name="y")

    x = keras.Input((STEPS, WIDTH))
    h = keras.layers.MultiHeadAttention(HEADS, SIZE, name="attention")(x, x)
    mix = keras.layers.Dense(3 * WIDTH, use_bias=False, name="mix")(h)
    plan = plan_migration(saved(tmp_path, build), index_model(keras.Model(x, mix)))
    assert [fill.target for fill in plan.fills] == ["mix/kernel"]
