"""``tf1compat back`` as a user runs it."""

import json
import os
import pathlib
import shutil

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

GOLDENS = pathlib.Path(__file__).parents[1] / "goldens"
KERNEL = np.arange(6, dtype="f4").reshape(3, 2)
VALUES = {"d/kernel": KERNEL, "d/kernel/Adam": KERNEL * 0, "global_step": np.int64(7)}
MODEL = """
import keras

def build():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False, name="d")])

def served():
    x = keras.Input((6,), name="pixels")
    y = keras.layers.BatchNormalization(name="bn")(keras.layers.Dense(8, name="first")(x))
    y = keras.layers.Dense(4, use_bias=False, name="last")(keras.layers.ReLU()(y))
    return keras.Model(x, {"logits": y, "scores": keras.layers.Softmax()(y)})
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with a checkpoint, the model's module and its tuned weights."""
    write_checkpoint(str(tmp_path / "model.ckpt"), VALUES)
    (tmp_path / "back_models.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    layer = keras.layers.Dense(2, use_bias=False, name="d")
    model = keras.Sequential([keras.Input((3,)), layer])
    layer.kernel.assign(KERNEL + 1)
    model.save_weights("tuned.weights.h5")
    return tmp_path


BACK = ("back", "model.ckpt", "back_models:build")


def test_weights_go_into_a_checkpoint_and_what_is_stale_is_said(app, work):
    code, out, err = app(*BACK, "out.ckpt", "--weights=tuned.weights.h5")
    assert (code, err) == (0, "")
    said = "1 variables have new values, 2 are as they were; slots are kept as they were"
    assert f"wrote out.ckpt (3 tensors)\n{said}\n" in out
    assert "  1 as they were, beside variables that changed: d/kernel/Adam\n" in out
    assert "1 weights: copied, not proved: the checkpoint has no .meta" in out
    found = open_checkpoint("out.ckpt")
    assert_arrays_equal(found["d/kernel"].read(), KERNEL + 1)
    assert found["global_step"].read() == 7
    code, _, err = app(*BACK, "out.ckpt", "--weights=tuned.weights.h5")
    assert code == 2
    assert "out.ckpt: a checkpoint, or a part of one, is there" in err


def test_a_dry_run_prints_what_each_variable_would_get_and_writes_nothing(app, work):
    before = sorted(os.listdir())
    code, out, err = app(*BACK, "--weights=tuned.weights.h5", "--dry_run", "--slots=drop")
    assert (code, err) == (0, "")
    assert out.split("\n")[1:-1] == [
        "variable       value          what          from",
        "d/kernel       float32[3, 2]  from weights  d/kernel",
        "global_step    int64[]        as it was",
        "d/kernel/Adam  float32[3, 2]  left out",
    ]
    assert sorted(os.listdir()) == before


def test_the_same_as_json(app, work):
    args = ("out.ckpt", "--weights=tuned.weights.h5", "--format=json", "--slots=drop")
    code, out, _ = app(*BACK, *args)
    found = json.loads(out)
    assert (code, found["status"], found["output"]) == (0, 0, "out.ckpt")
    assert found["back"] == {
        "slots": "drop",
        "changed": ["d/kernel"],
        "followed": [],
        "stale": [],
        "omitted": ["d/kernel/Adam"],
        "summed": [],
        "serving": [],
        "rounded": {},
        "left": {},
    }


def test_what_is_missing_is_asked_for(app, work):
    for args, message in {
        ("out.ckpt",): "expected --weights=PATH (.weights.h5",
        ("--weights=tuned.weights.h5",): "expected --output=PREFIX or --saved_model=DIRECTORY",
        ("out", "--saved_model=x", "--weights=tuned.weights.h5"): "or --dry_run, found both",
        ("no/out", "--weights=tuned.weights.h5"): "expected an existing directory for 'no/out'",
        ("out", "--weights=no.weights.h5"): "--weights: expected a file, found none",
        ("out", "--weights=tuned.weights.h5", "--saved_model=x"): "found both",
    }.items():
        code, _, err = app(*BACK, *args)
        assert (code, message in err) == (2, True), err
    code, _, err = app(*BACK, "--saved_model=x", "--weights=tuned.weights.h5")
    assert (code, "in a SavedModel, found no graph" in err) == (2, True), err
    assert not os.path.exists("x")


def test_an_incomplete_plan_writes_nothing(app, work):
    write_checkpoint("other.ckpt", {**VALUES, "e/kernel": KERNEL.T})
    args = ("other.ckpt", "back_models:build", "out.ckpt", "--weights=tuned.weights.h5")
    code, _, err = app("back", *args)
    assert code == 1
    assert "the plan isn't complete; nothing was written" in err
    assert "e/kernel" in err
    assert not os.path.exists("out.ckpt.index")


@pytest.fixture
def served(work):
    """A whole model in a file, of the golden that is a SavedModel, tuned."""
    import back_models

    from tf1compat.migration import convert, plan_migration

    model = back_models.served()
    convert(plan_migration(GOLDENS / "saved_model", model), model)
    model.get_layer("first").kernel.assign(model.get_layer("first").kernel * 2)
    model.save("tuned.keras")


def test_a_saved_model_gets_new_values_and_is_proved(app, served):
    args = (str(GOLDENS / "saved_model"), "tuned.keras", "--saved_model=export")
    code, out, err = app("back", *args)
    assert (code, err) == (0, "")
    assert "1 variables have new values, 6 are as they were" in out
    assert "7 weights: 7 proved" in out
    before, after = (open_checkpoint(x) for x in (GOLDENS / "saved_model", "export"))
    assert_arrays_equal(after["net/one/kernel"].read(), before["net/one/kernel"].read() * 2)


@pytest.fixture
def words(work):
    """A whole model in a file, of the golden with a .meta that trains, tuned."""
    L = keras.layers
    x = keras.Input((3,), dtype="int64", name="ids")
    y = L.Reshape((3, 1, 4))(L.Embedding(6, 4, name="table")(x))
    y = L.Flatten()(L.BatchNormalization(epsilon=0.001, name="norm")(y))
    y = L.Dense(6, activation="relu", name="hidden")(y)
    model = keras.Model(x, L.Dense(2, activation="softmax", name="classes")(y))
    from tf1compat.migration import convert, plan_migration

    convert(plan_migration(GOLDENS / "vocabulary", model), model)
    model.get_layer("classes").bias.assign([1.0, -1.0])
    model.save("words.keras")


def test_a_meta_becomes_a_saved_model_that_serves_what_was_proved(app, words):
    import tensorflow as tf

    args = (str(GOLDENS / "vocabulary"), "words.keras", "--saved_model=export", "--inputs=ids")
    code, out, err = app("back", *args)
    assert (code, err) == (0, "")
    assert "1 variables have new values, 15 are as they were" in out
    assert "  signature serving_default: scores:0 of ids:0, as they were named or compared\n" in out
    assert "9 weights: 9 proved" in out
    ids = np.load(GOLDENS / "vocabulary" / "io.npz")["in/ids"]
    served = tf.saved_model.load("export").signatures["serving_default"]
    expected = keras.models.load_model("words.keras")(ids)
    found = served(ids=tf.constant(ids))["scores"]
    assert_arrays_close(found.numpy(), np.asarray(expected), of_largest=1e-5)
    code, _, err = app("back", *args[:2], "--saved_model=other", "--inputs=ids", "--assets=no")
    assert (code, "--assets: expected a folder, found none at 'no'" in err) == (2, True), err


def test_a_plan_that_computing_disproves_writes_nothing(app, served):
    """Two statistics of one shape, by rules, each in the other's place."""
    with open("rules.toml", "w") as file:
        file.write(
            "rules = ["
            '{source="(.*)/moving_mean", target="bn/moving_variance", cross_roles=true},'
            '{source="(.*)/moving_variance", target="bn/moving_mean", cross_roles=true}]'
        )
    args = (str(GOLDENS / "saved_model"), "tuned.keras", "out", "--rules=rules.toml")
    code, _, err = app("back", *args)
    assert code == 1
    assert "the plan isn't proved; nothing was written" in err
    assert not os.path.exists("out.index")


def test_object_based_checkpoints_keep_what_their_object_graph_names(app, work):
    import tensorflow as tf

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.d = tf.Module()
            self.d.kernel = tf.Variable(KERNEL)

    net = Net()
    path = tf.train.Checkpoint(net=net).save("objects/o")
    args = (path, "back_models:build", "out.ckpt", "--weights=tuned.weights.h5")
    code, _, err = app("back", *args)
    assert code == 0, err
    tf.train.Checkpoint(net=net).restore("out.ckpt").assert_consumed()
    assert_arrays_equal(net.d.kernel.numpy(), KERNEL + 1)
    shutil.rmtree("objects")
