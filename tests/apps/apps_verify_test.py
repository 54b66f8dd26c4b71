"""`tf1compat verify` against a v1 graph that it runs, and what it prints, line by line."""

import json
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint, write_checkpoint

_MODEL = """
import keras

def model(activation):
    return keras.Sequential([
        keras.layers.Input((4,), name="x"),
        keras.layers.Dense(8, name="hidden", activation=activation),
        keras.layers.Dense(3, name="scores"),
    ])

def right():
    return model("relu")

def wrong():
    return model("tanh")
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A directory with a trained v1 graph, its inputs and outputs, and two Keras models."""
    folder = tmp_path_factory.mktemp("verify")
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        h = tf.nn.relu(_dense(v1, x, 8, "mlp/fc1"), name="mlp/fc1/act")
        _dense(v1, h, 3, "mlp/fc2")
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model.ckpt"))
        values = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
        scores = session.run("mlp/fc2/out:0", {"x:0": values})
    np.savez(folder / "inputs.npz", x=values)
    np.savez(folder / "pairs.npz", **{"in/x": values, "out/scores": scores})
    (folder / "verified_models.py").write_text(_MODEL)
    return folder


def _dense(v1, x, units, scope):
    with v1.variable_scope(scope):
        glorot = v1.glorot_uniform_initializer(seed=units)
        kernel = v1.get_variable("weights", [x.shape[1], units], initializer=glorot)
        bias = v1.get_variable("biases", [units], initializer=v1.ones_initializer())
        return tf.add(x @ kernel, bias, name="out")


@pytest.fixture
def app(app, work, monkeypatch):
    monkeypatch.chdir(work)
    monkeypatch.syspath_prepend(str(work))
    yield app
    sys.modules.pop("verified_models", None)


@pytest.fixture
def migrated(app, work):
    common = {}
    for which in ("right", "wrong"):
        source = ("--checkpoint=model.ckpt", f"--model=verified_models:{which}")
        common[which] = (*source, f"--output={which}.weights.h5", "--noprove")
        assert app("migrate", *common[which], "--overwrite")[0] == 0
    return common


_GRAPH = ("--recording=inputs.npz", "--v1_outputs=mlp/fc2/out")
_WEIGHTS = "4 weights equal bit for bit through the inverse layout\n"
_SETTINGS = (
    "1 settings compared, 1 differ\n"
    "  activation relu in the v1 graph, tanh in the model: hidden (mlp/fc1)\n"
)


def test_weights_alone(app, migrated):
    copied = "4 weights: copied, not proved: --noprove\n"
    assert app("verify", *migrated["wrong"]) == (0, _WEIGHTS + _SETTINGS + copied, "")


def test_a_checkpoint_that_is_not_as_its_manifest_says(app, migrated, work):
    """Its files may be whole, and another checkpoint's."""
    entries = open_checkpoint(work / "model.ckpt")
    for name, scale in (("mine", 1), ("other", 2)):
        values = {key: entry.read() * scale for key, entry in entries.items()}
        write_checkpoint(work / name, values)
    asked = ("verify", "--checkpoint=mine", *migrated["right"][1:])
    assert app(*asked)[0] == 0
    shutil.copy(work / "other.manifest.json", work / "mine.manifest.json")
    code, out, err = app(*asked)
    assert (code, out, err.count("\n")) == (1, "", 4)
    assert "mine.manifest.json: variable 'mlp/fc1/biases': expected float32 of shape (8,)" in err
    assert len(json.loads(app(*asked, "--format=json")[1])["damage"]) == 4
    (work / "mine.manifest.json").write_text("{")
    assert "mine.manifest.json at byte 0: this is not a tensor manifest" in app(*asked)[2]


def test_outputs_of_the_graph_that_is_run(app, migrated):
    code, out, err = app("verify", *migrated["right"], *_GRAPH)
    lines = out.splitlines()
    assert (code, err, len(lines)) == (0, "", 2)
    assert out.startswith(_WEIGHTS)
    assert lines[1].startswith("output mlp/fc2/out: max abs ")


def test_the_first_layer_that_differs(app, migrated):
    code, out, err = app("verify", *migrated["wrong"], *_GRAPH)
    assert out.startswith(_WEIGHTS + _SETTINGS)
    lines = out.replace(_SETTINGS, "").splitlines()
    assert (code, len(lines)) == (1, 4)
    assert lines[1].startswith("output mlp/fc2/out: max abs ")
    assert lines[2] == "first layer that differs: hidden"
    assert lines[3].startswith("  nearest tensor of the v1 graph: mlp/fc1/out:0: max abs ")
    *_, first, problem = err.splitlines()
    assert first == "tf1compat verify: error: the conversion differs (TF1C014):"
    assert problem.startswith("  mlp/fc2/out: expected relative difference at most 1e-05, found ")


@pytest.mark.parametrize("recording", ["pairs.npz", "model_pairs.npz"])
def test_outputs_that_were_recorded_name_the_layer_too(app, migrated, work, recording):
    """Inputs may have been recorded by the names of tensors, or by the model's own."""
    with np.load(work / "pairs.npz") as pairs:
        np.savez(
            work / "model_pairs.npz",
            **{"in/pixels": pairs["in/x"], "out/scores": pairs["out/scores"]},
        )
    assert app("verify", *migrated["right"], f"--recording={recording}")[0] == 0
    code, out, _ = app("verify", *migrated["wrong"], f"--recording={recording}")
    lines = out.replace(_SETTINGS, "").splitlines()
    assert (code, len(lines)) == (1, 4)
    assert lines[2] == "first layer that differs: hidden"
    assert lines[3].startswith("  nearest tensor of the v1 graph: mlp/fc1/out:0: max abs ")
    assert app("verify", *migrated["wrong"], f"--recording={recording}", "--tolerance=9")[0] == 0


def test_outputs_without_a_graph_name_no_layer(app, migrated, work):
    meta = work / "model.ckpt.meta"
    meta.rename(work / "away")
    code, out, _ = app("verify", *migrated["wrong"], "--recording=pairs.npz")
    (work / "away").rename(meta)
    assert (code, len(out.splitlines())) == (1, 2)


def test_json_holds_what_was_compared(app, migrated):
    code, out, err = app("verify", *migrated["wrong"], *_GRAPH, "--format=json")
    found = json.loads(out)
    assert (code, found["status"], found["task"]) == (1, 1, "verify")
    assert found["plan"]["complete"] is True
    assert found["proof"] is None
    told = found["verification"]
    assert (told["equal"], told["weights"], told["unpaired"]) == (False, 4, "")
    assert [one["name"] for one in told["outputs"]] == ["mlp/fc2/out"]
    assert told["divergence"]["layer"] == "hidden"
    assert told["divergence"]["tensor"] == "mlp/fc1/out:0"
    assert told["divergence"]["max_rel"] > 1e-5
    assert "the conversion differs" in err


def test_damaged_weights_are_told_before_any_output(app, migrated, work):
    path = work / "right.weights.h5"
    data = bytearray(path.read_bytes())
    ones = np.ones(8, np.float32).tobytes()
    data[data.index(ones)] ^= 1
    path.write_bytes(data)
    code, out, err = app("verify", *migrated["right"], *_GRAPH)
    assert (code, err) == (1, "")
    assert out.splitlines()[0] == _WEIGHTS.replace("4", "3").strip()
    assert out.splitlines()[1].startswith("! hidden/bias: expected the bytes that were written")
    assert len(out.splitlines()) == 2


def test_a_recording_proves_no_line(app, migrated):
    code, _, err = app("verify", *migrated["right"], "--require=proved", "--recording=io.npz")
    assert code == 2
    assert "--require=proved: expected no --recording, which compares outputs" in err


def test_v1_outputs_need_inputs(app, migrated):
    code, _, err = app("verify", *migrated["right"], "--v1_outputs=mlp/fc2/out")
    assert code == 2
    assert "expected --recording=FILE.npz with the inputs as well" in err
    code, out, err = app("verify", *migrated["right"], *_GRAPH[:1], "--v1_outputs=mlp/fc3/out")
    assert (code, out) == (2, _WEIGHTS)
    assert "expected a tensor named mlp/fc3/out:0, found none" in err
