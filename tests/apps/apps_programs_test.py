"""TFLite files by the apps: outputs in a table, beside the model's and the v1 graph's."""

import json
import sys

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint

_MODULE = """
import keras

def build():
    return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, name="fc1")])
"""
VALUES = {
    "mlp/fc1/weights": np.arange(32, dtype=np.float32).reshape(4, 8) / 7,
    "mlp/fc1/biases": np.arange(8, dtype=np.float32),
}
COMMON = ("--checkpoint=model.ckpt", "--model=programs_of_a_test:build", "--output=m.tflite")


@pytest.fixture
def work(tmp_path, monkeypatch):
    write_checkpoint(str(tmp_path / "model.ckpt"), VALUES)
    (tmp_path / "programs_of_a_test.py").write_text(_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("programs_of_a_test", None)


def test_a_program_is_written_and_verified_by_its_outputs(work, app):
    code, out, err = app("migrate", *COMMON, "--quantize=float16", "--verify")
    assert (code, err) == (0, "")
    assert "output_0" in out
    assert "the v1 graph was not run: the checkpoint has no .meta" in out
    assert "made of 2 weights with the plan's values, by its manifest" in out
    code, out, _ = app("verify", *COMMON, "--format=json")
    found = json.loads(out)
    (output,) = found["program"]["outputs"]
    assert (code, output["graph"], found["verification"]["recorded"]) == (0, None, 2)
    assert output["model"]["max_rel"] <= found["program"]["allowed"] == 0.01
    write_checkpoint("other.ckpt", {**VALUES, "mlp/fc1/biases": VALUES["mlp/fc1/biases"] + 9})
    code, out, _ = app("verify", "--checkpoint=other.ckpt", *COMMON[1:])
    assert (code, "fc1/bias: expected to be made of its sources" in out) == (1, True)
    assert "made of 1 weights" in out


def test_outputs_are_compared_with_the_v1_graphs(tmp_path, app):
    common = (
        "--checkpoint=tests/goldens/dense_siamese",
        "--model=examples.migrate_dense_siamese.model:build_model",
        f"--output={tmp_path}/m.tflite",
    )
    assert app("migrate", *common, "--quantize=float16")[0] == 0
    for more in ((), ("--recording=tests/goldens/dense_siamese/io.npz",)):
        code, out, _ = app("verify", *common, *more, "--format=json")
        rows = json.loads(out)["program"]["outputs"]
        assert (code, len(rows)) == (0, 2)
        for row in rows:
            assert 1e-5 < row["graph"]["max_rel"] < 0.01
            assert abs(row["graph"]["max_abs"] - row["model"]["max_abs"]) < 1e-6


@pytest.mark.parametrize(
    ("output", "module", "message"),
    [
        ("m.orbax", "orbax", "expected orbax-checkpoint, which writes and reads these folders"),
        ("m.tflite", "ai_edge_litert", "expected ai-edge-litert, which runs what is written"),
        (
            "m.safetensors.d",
            "safetensors",
            "expected safetensors, which reads back what is written",
        ),
    ],
)
def test_a_library_that_is_missing_is_told_before_all_else(
    output, module, message, tmp_path, monkeypatch, app
):
    """Nothing is read, let alone proved, for what can't be written."""
    monkeypatch.setitem(sys.modules, module, None)
    code, out, err = app("migrate", "nowhere", "models:build", str(tmp_path / output))
    assert (code, out, message in err) == (2, "", True)


@pytest.mark.parametrize("suffix", ["savedmodel", "tf2ckpt", "tflite"])
def test_a_backend_that_writes_no_such_output_is_told_before_all_else(
    suffix, work, monkeypatch, app
):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    code, out, err = app("migrate", "model.ckpt", "nowhere:build", f"m.{suffix}")
    assert (code, out) == (2, "")
    assert "expected Keras on tensorflow, whose " in err
    assert "found jax; set KERAS_BACKEND=tensorflow (TF1C017)" in err


def test_a_folder_that_may_not_be_replaced_is_told_before_all_else(tmp_path, app):
    output = tmp_path / "m.safetensors.d"
    output.mkdir()
    code, out, err = app("migrate", "nowhere", "models:build", str(output), "--overwrite")
    assert (code, out, "it has no manifest of this package" in err) == (1, "", True)
