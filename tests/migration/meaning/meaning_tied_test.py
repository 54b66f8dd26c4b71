"""One variable for several weights, and several equal variables for one."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from v1_programs import saved, without_graph

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.keras3 import index_model
from tf1compat.migration import convert, offender_lines, plan_migration, prove, verify_weights
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

v1 = tf.compat.v1
WORDS, SIZE = 7, 4


def _program(*, transposed, table="bert/word_embeddings", scope="cls/predictions"):
    """BERT's masked words: scores by the table itself, or by a kernel of that shape."""
    name = table

    def build():
        ids = v1.placeholder(tf.int32, [None], "ids")
        table = v1.get_variable(name, [WORDS, SIZE])
        with v1.variable_scope(scope):
            bias = v1.get_variable("output_bias", [WORDS])
        h = tf.nn.embedding_lookup(table, ids)
        if transposed:
            h = tf.matmul(h, table, transpose_b=True)
        tf.nn.bias_add(h if transposed else tf.tile(h[:, :1], [1, WORDS]), bias, name="y")

    return build


def _untied():
    ids = keras.Input((), dtype="int32", name="ids")
    h = keras.layers.Embedding(WORDS, SIZE, name="words")(ids)
    return index_model(keras.Model(ids, keras.layers.Dense(WORDS, name="scores")(h)))


@pytest.mark.parametrize("scope", ["cls/predictions", ""])
def test_a_table_that_scores_too_fills_both(scope, tmp_path):
    name = "bert/word_embeddings" if scope else "embedding"
    program = _program(transposed=True, table=name, scope=scope)
    prefix, index = saved(tmp_path, program), _untied()
    plan = plan_migration(prefix, index)
    assert plan.complete, str(plan)
    why = {fill.target: fill.why for fill in plan.fills}
    assert "shared by both" in why["words/embeddings"]
    assert "shared by both" in why["scores/kernel"]
    assert prove(plan, index).agrees
    convert(plan, index)
    table = open_checkpoint(prefix)[name].read()
    assert_arrays_equal(np.asarray(index["words/embeddings"].variable), table)
    assert_arrays_equal(np.asarray(index["scores/kernel"].variable), table.T)
    assert verify_weights(plan, index).equal


def test_a_table_that_only_is_looked_up_fills_one(tmp_path):
    prefix = saved(tmp_path, _program(transposed=False))
    for without in (prefix, without_graph(prefix)):
        (problem,) = plan_migration(without, _untied()).unfilled
        assert problem.name == "scores/kernel"


def test_weights_that_a_sampled_loss_looks_up_are_no_table(tmp_path):
    """word2vec's tutorial: two variables of one shape, both looked up, and one multiplied by."""

    def program():
        ids = v1.placeholder(tf.int32, [None], "ids")
        table, weights = (v1.get_variable(n, [WORDS, SIZE]) for n in ("embeddings", "nce_weights"))
        biases = v1.get_variable("nce_biases", [WORDS])
        h = tf.nn.embedding_lookup(table, ids)
        tf.nn.bias_add(tf.matmul(h, weights, transpose_b=True), biases, name="y")
        labels = tf.expand_dims(tf.cast(ids, tf.int64), 1)
        tf.nn.nce_loss(weights, biases, labels, h, 2, WORDS)

    prefix = saved(tmp_path, program)
    plan = plan_migration(prefix, _untied())
    found = {fill.target: fill.sources for fill in plan.fills}
    assert found == {"words/embeddings": ("embeddings",), "scores/bias": ("nce_biases",)}
    rule = Rule("nce_weights", "scores/kernel", layout="transpose(1, 0)")
    told = plan_migration(prefix, index := _untied(), [rule])
    assert prove(told, index).agrees
    said = "\n".join(offender_lines(plan))
    assert "nce_weights fits transposed: layout='transpose(1, 0)' in a rule says so" in said


def _square(folder, *, tied):
    """A table of as many words as it has columns, a layer of that shape, and scores."""

    def program():
        ids = v1.placeholder(tf.int32, [None], "ids")
        table, mix = (v1.get_variable(n, [SIZE, SIZE]) for n in ("embedding", "mix/kernel"))
        h = tf.tanh(tf.matmul(tf.nn.embedding_lookup(table, ids), mix))
        h = tf.matmul(h, table, transpose_b=True) if tied else h
        tf.nn.bias_add(h, v1.get_variable("output_bias", [SIZE]), name="y")

    ids = keras.Input((), dtype="int32", name="ids")
    h = keras.layers.Embedding(SIZE, SIZE, name="words")(ids)
    h = keras.layers.Dense(SIZE, "tanh", use_bias=False, name="mix")(h)
    model = keras.Model(ids, keras.layers.Dense(SIZE, name="scores")(h))
    return saved(folder, program), index_model(model)


def test_a_square_table_is_told_from_kernels_by_its_uses(tmp_path):
    prefix, index = _square(tmp_path, tied=True)
    plan = plan_migration(prefix, index)
    assert plan.complete, str(plan)
    assert prove(plan, index).agrees


def test_a_square_table_is_no_kernel_for_want_of_another(tmp_path):
    prefix, index = _square(tmp_path, tied=True)
    plan = plan_migration(without_graph(prefix), index)
    assert {f.target: f.sources for f in plan.fills}["words/embeddings"] == ("embedding",)
    assert [problem.name for problem in plan.unfilled] == ["scores/kernel"]


def _words():
    ids = keras.Input((), dtype="int32")
    return keras.Model(ids, keras.layers.Embedding(WORDS, SIZE, name="words")(ids))


def _equals(folder, *, changed=0.0):
    table = np.random.default_rng(0).normal(size=(WORDS, SIZE)).astype("float32")
    write_checkpoint(
        folder / "model.ckpt", {"words/embeddings": table, "scores/kernel": table + changed}
    )
    return plan_migration(folder / "model.ckpt", _words())


def test_equal_variables_fill_one_weight(tmp_path):
    plan = _equals(tmp_path)
    assert plan.complete, str(plan)
    (drop,) = plan.drops
    assert drop.source == "scores/kernel"
    assert drop.reason == "equal to words/embeddings, which is taken, bit for bit"


def test_damaged_values_are_equal_to_nothing(tmp_path):
    _equals(tmp_path)
    (data,) = tmp_path.glob("*.data-*")
    data.write_bytes(bytes(data.stat().st_size))
    plan = plan_migration(tmp_path / "model.ckpt", _words())
    assert [problem.name for problem in plan.unexplained] == ["scores/kernel"]


def test_variables_that_are_not_equal_are_asked(tmp_path):
    plan = _equals(tmp_path, changed=np.float32(1e-3))
    assert [problem.name for problem in plan.unexplained] == ["scores/kernel"]


@pytest.mark.parametrize("changed", [0.0, 1e-3])
def test_of_equal_candidates_any_is_taken(changed, tmp_path):
    table = np.random.default_rng(0).normal(size=(WORDS, SIZE)).astype("float32")
    arrays = {"a/embeddings": table, "b/embeddings": table + np.float32(changed)}
    write_checkpoint(tmp_path / "model.ckpt", arrays)
    plan = plan_migration(tmp_path / "model.ckpt", _words())
    assert plan.complete == (not changed)
    if not changed:
        assert plan.fills[0].why.startswith("one of 2 sources that are equal bit for bit")


def test_values_all_the_same_prove_nothing(tmp_path):
    arrays = {"words/embeddings": np.ones((WORDS, SIZE), "float32")}
    arrays["scores/kernel"] = arrays["words/embeddings"]
    write_checkpoint(tmp_path / "model.ckpt", arrays)
    plan = plan_migration(tmp_path / "model.ckpt", _words())
    assert [problem.name for problem in plan.unexplained] == ["scores/kernel"]
