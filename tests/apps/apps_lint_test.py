"""`plan`, `migrate` and `verify` say which settings differ; `--lint=refuse` makes it an error."""

import json
import os
import sys

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.apps.main import run
from tf1compat.graph import layers
from tf1compat.migration import Plan

_MODELS = """
import keras

def model(activation, momentum=0.99):
    x = h = keras.layers.Input((4,), name="x")
    h = keras.layers.Dense(8, name="hidden", activation=activation)(h)
    h = keras.layers.BatchNormalization(name="norm", momentum=momentum)(h)
    return keras.Model(x, keras.layers.Dense(3, name="scores")(h))

def alike():
    return model("tanh")

def other():
    return model("sigmoid")
"""
_FOUND = "  activation tanh in the v1 graph, sigmoid in the model: hidden (hidden)\n"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A directory with a v1 graph, its checkpoint, and a model alike and one that isn't."""
    folder = tmp_path_factory.mktemp("lint")
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        h = layers.batch_normalization(layers.dense(x, 8, tf.tanh, name="hidden"), name="norm")
        layers.dense(h, 3, name="scores")
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model.ckpt"))
    (folder / "linted_models.py").write_text(_MODELS)
    return folder


@pytest.fixture
def app(work, capsys, monkeypatch):
    monkeypatch.chdir(work)
    monkeypatch.syspath_prepend(str(work))

    def call(task, *args, model="other"):
        source = ("--checkpoint=model.ckpt", f"--model=linted_models:{model}")
        with pytest.raises(SystemExit) as exit_:
            run((task, *source, *args))
        captured = capsys.readouterr()
        return exit_.value.code, captured.out, captured.err

    yield call
    sys.modules.pop("linted_models", None)
    if os.path.exists("out.weights.h5"):
        os.remove("out.weights.h5")


def test_plan_says_what_differs(app):
    status, out, err = app("plan")
    assert (status, err) == (0, "")
    assert out.endswith(f" settings compared, 1 differ\n{_FOUND}")
    assert "differ" not in app("plan", model="alike")[1]


def test_json_of_a_plan_has_the_findings_and_is_still_a_plan(app):
    _, out, _ = app("plan", "--format=json")
    (finding,) = json.loads(out)["lint"]["findings"]
    assert (finding["kind"], finding["v1"], finding["model"]) == ("activation", "tanh", "sigmoid")
    assert Plan.from_json(out).complete


def test_what_differs_is_told_beside_outputs_that_do(app):
    status, out, err = app("migrate", "--overwrite", "--output=out.weights.h5")
    assert status == 1
    assert _FOUND in out
    assert (
        "! settings that differ, and may be why:\n"
        "!   activation tanh in the v1 graph, sigmoid in the model: hidden (hidden), where the "
        "outputs part first\n"
    ) in err


def test_json_has_what_was_measured(app):
    _, out, _ = app("migrate", "--overwrite", "--output=out.weights.h5", "--format=json")
    measured = json.loads(out)["lint"]["measured"]
    assert (measured["agree"], measured["name"]) == (False, "scores/BiasAdd:0")
    assert measured["max_rel"] > 1e-3


def test_verify_says_so_too(app):
    assert app("migrate", "--overwrite", "--output=out.weights.h5", "--noprove")[0] == 0
    status, out, _ = app("verify", "--output=out.weights.h5", "--noprove", "--format=json")
    assert status == 0
    assert [one["kind"] for one in json.loads(out)["lint"]["findings"]] == ["activation"]


def test_recorded_outputs_that_differ_have_their_causes_too(app):
    assert app("migrate", "--overwrite", "--output=out.weights.h5", "--noprove")[0] == 0
    inputs = {"in/x:0": np.ones((2, 4), np.float32)}
    np.savez("inputs.npz", **inputs)
    recorded = ("--recording=inputs.npz", "--v1_outputs=scores/BiasAdd")
    status, _, err = app("verify", "--output=out.weights.h5", *recorded)
    assert status == 1
    assert (
        "! settings that differ, and may be why:\n!   activation tanh in the v1 graph, sig" in err
    )


@pytest.mark.parametrize("task", ["plan", "migrate"])
def test_what_changes_outputs_is_refused_where_that_is_asked_for(app, task):
    flags = ["--lint=refuse", *(["--output=out.weights.h5"] if task == "migrate" else [])]
    status, _, err = app(task, *flags)
    assert status == 1
    assert "error: 1 settings that change outputs differ (--lint=refuse)" in err
    assert not os.path.exists("out.weights.h5")
    assert app(task, *flags, model="alike")[0] == 0
