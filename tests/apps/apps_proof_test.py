"""`tf1compat migrate` and `verify` prove what they can by computing, and say what they can't."""

import json
import os
import sys

import pytest
import tensorflow as tf

from tf1compat.keras3 import read_exported

_MODELS = """
import keras

def model(activation, *inputs):
    x = keras.layers.Input((4,), name="x")
    h = keras.layers.Dense(8, name="hidden", activation=activation)(x)
    return keras.Model([x, *inputs] if inputs else x, keras.layers.Dense(3, name="scores")(h))

def right():
    return model("relu")

def wrong():
    return model("tanh")

def tied():
    x = keras.layers.Input((4,), name="x")
    a, b = (keras.layers.Dense(3, name=n)(x) for n in ("up", "down"))
    return keras.Model(x, a - 2.0 * b)

def with_an_input_more():
    return model("relu", keras.layers.Input((7,), name="more"))
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A directory with a v1 graph with dropout, a checkpoint without a graph, and Keras models."""
    folder = tmp_path_factory.mktemp("prove")
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        phase = v1.placeholder(tf.bool, [], name="mode")
        h = tf.nn.relu(_dense(v1, x, 8, "hidden"))
        h = tf.where(phase, h * 1.5, h)
        _dense(v1, h, 3, "scores")
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model.ckpt"))
        v1.train.Saver().save(session, str(folder / "bare.ckpt"), write_meta_graph=False)
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        tf.subtract(_dense(v1, x, 3, "red"), 2.0 * _dense(v1, tf.identity(x), 3, "green"), name="y")
        session.run(v1.global_variables_initializer())
        session.run([v.assign_add(tf.random.normal(v.shape)) for v in v1.global_variables()])
        v1.train.Saver().save(session, str(folder / "tied.ckpt"))
    (folder / "proved_models.py").write_text(_MODELS)
    return folder


def _dense(v1, x, units, scope):
    with v1.variable_scope(scope):
        kernel = v1.get_variable(
            "kernel", [x.shape[1], units], initializer=v1.glorot_uniform_initializer(seed=units)
        )
        bias = v1.get_variable("bias", [units], initializer=v1.ones_initializer())
        return tf.add(x @ kernel, bias, name="out")


@pytest.fixture
def app(app, work, monkeypatch):
    monkeypatch.chdir(work)
    monkeypatch.syspath_prepend(str(work))

    def call(task, *args, model="right", checkpoint="model.ckpt"):
        source = (f"--checkpoint={checkpoint}", f"--model=proved_models:{model}")
        again = ["--overwrite"] * (task == "migrate")
        return app(task, *source, "--output=out.weights.h5", *again, *args)

    yield call
    sys.modules.pop("proved_models", None)
    if os.path.exists("out.weights.h5"):
        os.remove("out.weights.h5")


def test_a_right_migration_is_proved(app):
    status, out, err = app("migrate", "--feed=mode=false", "--require=proved")
    assert (status, err) == (0, "")
    assert "4 weights: 4 proved\n" in out
    status, out, err = app("verify", "--feed=mode:0=false", "--require=proved")
    assert (status, err) == (0, "")
    assert out.endswith("4 weights: 4 proved\n")


def test_a_model_that_computes_something_else_is_refused_before_anything_is_written(app):
    status, out, err = app("migrate", "--feed=mode=false", model="wrong")
    assert status == 1
    assert "4 weights: 4 copied\n" in out
    assert "! output scores/out:0: max abs " in err
    assert "name them with --inputs and --outputs; where it is meant to compute" in err
    assert "error: not proved; nothing was written" in err
    assert not os.path.exists("out.weights.h5")


def test_the_first_pair_that_differs_is_named(app):
    _, _, err = app("migrate", "--feed=mode=false", model="wrong")
    named = "! first layer that differs: hidden, whose nearest tensor of the v1 graph is hidden/"
    assert named in err


def test_json_and_the_manifest_hold_the_proof(app):
    status, out, err = app("migrate", "--feed=mode=false", "--verify", "--format=json")
    found = json.loads(out)
    assert (status, err, found["status"], found["output"]) == (0, "", 0, "out.weights.h5")
    proof = found["proof"]
    assert proof["headline"] == "4 weights: 4 proved"
    assert proof["counts"] == {"proved": 4, "not reached": 0, "copied": 0, "differs": 0}
    assert set(proof["lines"].values()) == {"proved"}
    assert [one["name"] for one in proof["changed"]] == ["scores/out:0"]
    assert (proof["agrees"], proof["why"], proof["divergence"]) == (True, "", None)
    assert found["verification"]["weights"] == 4
    notes = read_exported("out.weights.h5").notes
    assert (notes["proof"], len(notes["plan_sha256"])) == (proof, 64)


@pytest.mark.parametrize("suffix", ["weights.h5", "keras"])
def test_what_was_copied_says_so_in_the_manifest(app, suffix):
    output = f"out.{suffix}"
    assert app("migrate", f"--output={output}", checkpoint="bare.ckpt")[0] == 0
    proof = read_exported(output).notes["proof"]
    os.remove(output)
    assert proof["headline"].startswith("4 weights: copied, not proved: the checkpoint has no")
    assert proof["why"].startswith("the checkpoint has no .meta; verify --recording")
    assert set(proof["lines"].values()) == {"copied"}
    assert proof["agrees"] is None


def test_json_of_what_is_refused(app):
    status, out, err = app("migrate", "--feed=mode=false", "--format=json", model="wrong")
    found = json.loads(out)
    assert (status, found["status"], found["output"]) == (1, 1, None)
    assert found["proof"]["agrees"] is False
    assert found["proof"]["divergence"]["layer"] == "hidden"
    assert "nothing was written" in err


def test_ambiguities_are_settled_before_anything_is_written(app):
    given = {"model": "tied", "checkpoint": "tied.ckpt"}
    status, out, err = app("migrate", "--require=proved", **given)
    assert (status, err) == (0, "")
    assert "plan complete: 4 targets: 4 filled" in out
    assert "4 weights: 4 proved\n" in out
    assert app("verify", "--require=proved", **given)[0] == 0
    status, out, err = app("migrate", "--dry_run", **given)
    assert (status, "computing told: of 2 assignments the outputs agree with" in out) == (0, True)
    status, _, err = app("migrate", "--noprove", **given)
    assert status == 1
    assert "computing didn't settle what is ambiguous: --noprove\n" in err
    assert "nothing was written" in err


def test_a_phase_that_is_fed_otherwise_is_another_graph(app):
    status, _, err = app("migrate", "--feed=mode=true")
    assert status == 1
    assert "! output " in err


def test_what_cannot_be_run_is_copied_and_says_why(app):
    status, out, err = app("migrate", checkpoint="bare.ckpt")
    assert (status, err) == (0, "")
    assert "4 weights: copied, not proved: the checkpoint has no .meta; verify --recording" in out
    status, out, err = app("migrate", model="with_an_input_more")
    assert (status, err) == (0, "")
    assert "4 weights: copied, not proved: expected a placeholder of the v1 graph for each" in out
    status, out, err = app("migrate")
    assert (status, err) == (0, "")
    assert "copied, not proved: model.ckpt.meta: expected tensors like the model's outputs, " in out
    assert "[3, 3], found none that inputs with a value lead to; without one: mode:0" in out
    status, out, _ = app("migrate", "--noprove")
    assert (status, "copied, not proved: --noprove" in out) == (0, True)


def test_a_proof_that_is_asked_for_and_cant_be_is_an_error(app):
    status, _, err = app("migrate", "--prove", checkpoint="bare.ckpt")
    assert (status, "error: --prove: the checkpoint has no .meta; verify --rec" in err) == (2, True)
    status, _, err = app("migrate", "--prove", model="with_an_input_more")
    assert (status, "expected a placeholder of the v1 graph for each" in err) == (2, True)


def test_large_models_are_proved_when_asked_to(app, monkeypatch):
    monkeypatch.setattr("tf1compat.apps._proving._LARGE", 100)
    status, out, _ = app("migrate", "--feed=mode=false")
    assert status == 0
    assert "copied, not proved: proof holds several copies of 268 B; --prove does so" in out
    assert "4 weights: 4 proved\n" in app("migrate", "--feed=mode=false", "--prove")[1]


@pytest.mark.parametrize(
    ("args", "checkpoint"), [((), "bare.ckpt"), (("--noprove",), "model.ckpt")]
)
def test_copied_is_not_enough_where_proof_is_required(app, args, checkpoint):
    status, _, err = app("migrate", "--require=proved", *args, checkpoint=checkpoint)
    assert status == 1
    assert "error: not proved; nothing was written" in err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--feed=mode"], "--feed: expected NAME=VALUE, found 'mode'"),
        (["--feed=mode=perhaps"], "--feed=mode=perhaps: expected a number, true or false"),
        (["--outputs=nothing"], "expected a tensor named nothing:0, found none; nearest: "),
        (["--outputs=scores/out", "--feed=mod=1"], "expected a tensor named mod:0, found none"),
    ],
)
def test_flags_that_name_nothing_are_errors(app, args, words):
    status, _, err = app("migrate", *args)
    assert status == 2
    assert words in err
