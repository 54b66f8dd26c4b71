"""SavedModels named to the tasks: what of them is listed, proved by a signature, or refused."""

import pathlib
import shutil

import pytest

GOLDEN = pathlib.Path(__file__).parents[1] / "goldens" / "saved_model"

_MODELS = """
import keras

def scores():
    x = keras.Input((6,), name="features")
    y = keras.layers.BatchNormalization(name="bn")(keras.layers.Dense(8, name="first")(x))
    y = keras.layers.Dense(4, use_bias=False, name="last")(keras.layers.ReLU()(y))
    return keras.Model(x, keras.layers.Softmax()(y))
"""

_LISTED = """\
input     dtype    shape
pixels:0  float32  (?, 6)
text:0    string   (?,)

likely output  dtype    shape
logits:0       float32  (?, 4)
scores:0       float32  (?, 4)

signature        side     name           tensor    dtype    shape
logits           inputs   image          pixels:0  float32  (?, 6)
logits           outputs  raw            logits:0  float32  (?, 4)
serving_default  inputs   image          pixels:0  float32  (?, 6)
serving_default  outputs  probabilities  scores:0  float32  (?, 4)
words            inputs   word           text:0    string   (?,)
words            outputs  id             ids:0     int64    (?,)

never run
initializer init_all_tables_1
table hash_table
asset assets/words.txt, at asset_path:0
"""


@pytest.fixture
def migrate(app, tmp_path, monkeypatch):
    (tmp_path / "served_models.py").write_text(_MODELS)
    monkeypatch.syspath_prepend(str(tmp_path))
    output = tmp_path / "model.weights.h5"

    def call(*args, checkpoint=GOLDEN):
        named = (f"--checkpoint={checkpoint}", "--model=served_models:scores")
        return app("migrate", *named, f"--output={output}", "--overwrite", *args)

    return call


def test_inputs_outputs_signatures_and_what_is_never_run_are_listed(app):
    assert app("inspect", "--graph", f"--checkpoint={GOLDEN}") == (0, _LISTED, "")


def test_a_directory_is_decided_and_proved_without_a_rule_or_a_flag(migrate):
    status, out, err = migrate("--require=proved")
    assert (status, err) == (0, "")
    assert "7 weights: 7 proved" in out


def test_a_signature_and_what_it_calls_tensors_may_be_named(migrate):
    flags = ("--signature=serving_default", "--inputs=image", "--outputs=probabilities")
    status, out, _ = migrate(*flags, "--require=proved")
    assert status == 0
    assert "7 weights: 7 proved" in out


def test_a_signature_of_other_outputs_is_an_error(migrate):
    status, _, err = migrate("--signature=logits")
    assert status == 1
    assert "! output logits:0: max abs" in err
    assert "nothing was written" in err


def test_a_signature_that_is_not_there_is_named(migrate):
    status, _, err = migrate("--signature=serve")
    assert status == 2
    assert "expected a signature 'serve', found logits, serving_default, words" in err


def test_a_damaged_graph_is_told_with_what_to_do(migrate, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(GOLDEN, folder)
    graph = folder / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-1])
    status, _, err = migrate(checkpoint=folder)
    assert status == 1
    assert f"{graph} at byte 2: not a sound SavedModel: field 2 has" in err
    values = folder / "variables" / "variables"
    assert f"to plan without the v1 graph's data flow, and name the checkpoint {values}" in err
    graph.unlink()
    _, out, _ = migrate("--require=copied", checkpoint=values)
    assert "plan complete" not in out  # which way round the last kernel is, only the graph tells
