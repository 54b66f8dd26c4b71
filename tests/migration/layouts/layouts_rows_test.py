"""Layouts of rows: what is taken comes back exactly; what isn't keeps its initial value."""

import pathlib

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import LayoutError, RuleError, UsageError
from tf1compat.keras3 import build_model
from tf1compat.migration import Plan, convert, parse_layout, plan_migration, verify_weights
from tf1compat.migration.layouts.answers import made_of, pieces
from tf1compat.migration.layouts.layout import Spec
from tf1compat.names import Rule, load_rules
from tf1compat.testing import assert_arrays_equal

OLD = ["[PAD]", "the", "cat", "sat"]
NEW = ["[PAD]", "dog", "sat", "the", "mat"]
VALUE = np.arange(24, dtype=np.float32).reshape(4, 6)


@pytest.fixture
def files(tmp_path):
    for name, tokens in (("old.txt", OLD), ("new.txt", NEW)):
        (tmp_path / name).write_text("\n".join(tokens) + "\n", encoding="utf-8")
    return str(tmp_path / "old.txt"), str(tmp_path / "new.txt")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cut(0, 1, 4)", VALUE[1:]),
        ("cut(-1, 2, 3)", VALUE[:, 2:3]),
        ("rows(0, 3, 1)", VALUE[[3, 1]]),
        ("rows(1, 5, 0, 2)", VALUE[:, [5, 0, 2]]),
        ("cut(0, 1, 3) | transpose(1, 0)", VALUE[1:3].T),
    ],
)
def test_rows_are_taken_and_come_back(text, expected):
    layout, spec = parse_layout(text), Spec(VALUE.shape)
    assert str(layout) == text
    assert made_of(layout, [spec]).shape == expected.shape
    made = layout.apply(VALUE)
    assert_arrays_equal(made, expected)
    (piece,) = pieces(layout, made, [spec])
    index = tuple(list(one) if isinstance(one, tuple) else one for one in piece.index)
    assert_arrays_equal(piece.value, VALUE[index])


def test_new_rows_keep_their_initial_values():
    layout, initial = parse_layout("transpose(1, 0) | pad(0, 1, 2)"), np.full((9, 4), -1.0, "f")
    assert made_of(layout, [Spec(VALUE.shape)]).shape == (9, 4)
    made = layout.apply(VALUE, initial)
    assert_arrays_equal(made[1:7], VALUE.T)
    assert_arrays_equal(np.delete(made, range(1, 7), axis=0), initial[:3])
    assert_arrays_equal(pieces(layout, made, [Spec(VALUE.shape)])[0].value, VALUE)
    assert_arrays_equal(initial, np.full((9, 4), -1.0, "f"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cut(0, 2, 5)", r"expected \[2, 5\) within axis 0"),
        ("cut(2, 0, 1)", "expected an axis 2"),
        ("cut(-3, 0, 1)", "expected an axis -3"),
        ("rows(0, 1, 1)", "expected distinct numbers of rows"),
        ("rows(0, 4)", "expected rows of these numbers"),
        ("pad(0, -1, 2)", "expected an axis and numbers of rows, from 0"),
        ("transpose(1, 0) | cut(0, 0, 1)", "no later step may leave rows out"),
        ("pad(0, 0, 1) | transpose(1, 0)", "no later step may be behind one that keeps rows"),
    ],
)
def test_rows_that_are_not_there(text, message):
    with pytest.raises(LayoutError, match=message):
        made_of(parse_layout(text), [Spec(VALUE.shape)])


def _written(tmp_path, **values):
    write_checkpoint(str(tmp_path / "ckpt"), values)
    return str(tmp_path / "ckpt")


def _embedding(size):
    x = keras.Input((2,), dtype="int32")
    return keras.Model(x, keras.layers.Embedding(size, 6, name="words")(x))


def test_a_grown_vocabulary_takes_each_token_to_its_row(tmp_path, files):
    prefix, (old, new) = _written(tmp_path, table=VALUE), files
    model = _embedding(5)
    before = np.asarray(model.layers[1].embeddings)
    rule = Rule("table", "words/embeddings", source_vocabulary=old, target_vocabulary=new)
    plan = plan_migration(prefix, model, [rule])
    assert plan.complete, str(plan)
    assert Plan.from_json(plan.to_json()) == plan
    convert(plan, model)
    after = np.asarray(model.layers[1].embeddings)
    assert_arrays_equal(after[[0, 2, 3]], VALUE[[0, 3, 1]])
    assert_arrays_equal(after[[1, 4]], before[[1, 4]])
    assert verify_weights(plan, model).equal
    model.layers[1].embeddings.assign(after + np.eye(5, 6, -2, dtype=np.float32))
    (problem,) = verify_weights(plan, model).problems
    assert "elements differ" in problem.found


def test_a_file_is_written_with_the_rows_that_are_kept(tmp_path, files):
    prefix = _written(tmp_path, table=VALUE)
    (tmp_path / "rules.toml").write_text(
        "rules = [{source='table', target='words/embeddings',"
        " source_vocabulary='old.txt', target_vocabulary='new.txt'}]"
    )
    lazy = build_model(lambda: _embedding(5))
    plan = plan_migration(prefix, lazy, load_rules(tmp_path / "rules.toml"))
    output = str(tmp_path / "out.weights.h5")
    convert(plan, lazy, output=output)
    assert verify_weights(plan, lazy, output=output).equal
    model = _embedding(5)
    model.load_weights(output)
    rows = np.asarray(model.layers[1].embeddings)
    assert_arrays_equal(rows[[0, 2, 3]], VALUE[[0, 3, 1]])
    assert 0 < np.abs(rows[[1, 4]]).max() <= 0.05  # Keras' initial range


def test_a_vocabulary_is_no_output(tmp_path, files):
    prefix, (old, new) = _written(tmp_path, table=VALUE), files
    rule = Rule("table", "words/embeddings", source_vocabulary=old, target_vocabulary=new)
    lazy = build_model(lambda: _embedding(5))
    output = tmp_path / "out.weights.h5"
    output.symlink_to(new)
    before = pathlib.Path(new).read_text()
    with pytest.raises(UsageError, match=r"new\.txt, which is read too"):
        convert(plan_migration(prefix, lazy, [rule]), lazy, output=output)
    assert pathlib.Path(new).read_text() == before


def test_a_vocabulary_that_changed_is_told(tmp_path, files):
    prefix, (old, new) = _written(tmp_path, table=VALUE), files
    rule = Rule("table", "words/embeddings", source_vocabulary=old, target_vocabulary=new)
    model = _embedding(5)
    plan = plan_migration(prefix, model, [rule])
    (tmp_path / "old.txt").write_text("the\n[PAD]\ncat\nsat\n")
    with pytest.raises(LayoutError, match="expected the vocabularies of the plan, found others"):
        convert(plan, model)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\nb\na\nc\n", "expected each token once, found 'a' 2 times"),
        (b"a\nb\n", "vocabularies of 2 and 5 tokens: expected one axis with as many rows"),
        (b"\xff\n", "expected a readable text"),
        (None, "expected a readable text, found No such file"),
    ],
)
def test_vocabularies_that_do_not_fit(tmp_path, files, content, message):
    prefix, (old, new) = _written(tmp_path, table=VALUE), files
    if content is None:
        old = str(tmp_path / "gone.txt")
    else:
        (tmp_path / "old.txt").write_bytes(content)
    rule = Rule("table", "words/embeddings", source_vocabulary=old, target_vocabulary=new)
    with pytest.raises(RuleError, match=message):
        plan_migration(prefix, _embedding(5), [rule])


def test_two_lines_for_a_background_class(tmp_path):
    kernel = np.random.default_rng(1).normal(size=(1, 1, 6, 6)).astype(np.float32)
    prefix = _written(tmp_path, **{"Logits/weights": kernel, "Logits/biases": kernel[0, 0, 0]})
    x = keras.Input((6,))
    model = keras.Model(x, keras.layers.Dense(5, name="predictions")(x))
    rules = [
        Rule(".*/weights", "predictions/kernel", layout="cut(3, 1, 6) | squeeze(0, 1)"),
        Rule(".*/biases", "predictions/bias", layout="cut(0, 1, 6)"),
    ]
    plan = plan_migration(prefix, model, rules)
    assert plan.complete, str(plan)
    convert(plan, model)
    assert verify_weights(plan, model).equal
    assert_arrays_equal(model.layers[1].kernel, kernel[0, 0, :, 1:])


def test_half_precision_widens_before_it_is_padded(tmp_path):
    prefix = _written(tmp_path, table=VALUE.astype(np.float16))
    model = _embedding(6)
    plan = plan_migration(prefix, model, [Rule("table", "words/embeddings", layout="pad(0, 0, 2)")])
    assert plan.fills[0].layout == "cast(float32) | pad(0, 0, 2)"
    convert(plan, model)
    assert_arrays_equal(np.asarray(model.layers[1].embeddings)[:4], VALUE)
