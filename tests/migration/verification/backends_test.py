"""Proof and recordings with jax and torch as Keras' backends, each in a process of its own.

A backend is chosen before Keras is imported, and these libraries are no requirements of the tests:
``pip install '.[backends]'`` adds them. Where they lack, the tests are skipped and say so; with
``TF1COMPAT_BACKENDS=required`` they fail.
"""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "goldens" / "dense_siamese"
MODEL = "examples.migrate_dense_siamese.model:build_model"

_RUN = "import sys; from tf1compat.apps.main import run; run(sys.argv[1:])"

_WITHOUT = f"import sys; sys.modules['tensorflow'] = None; {_RUN}"

pytestmark = [pytest.mark.slow, pytest.mark.backends]


@pytest.fixture(params=["jax", "torch"])
def app(request, tmp_path):
    backend = request.param
    if importlib.util.find_spec(backend) is None:
        missing = f"{backend} isn't installed: pip install '.[backends]'"
        if os.environ.get("TF1COMPAT_BACKENDS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF1COMPAT_TRACEBACK": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])

    def call(task, *args, model=MODEL, golden=GOLDEN, program=_RUN, output="out.weights.h5"):
        common = (f"--checkpoint={golden}", f"--model={model}", f"--output={output}", *args)
        command = [sys.executable, "-c", program, task, *common]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return call


def test_tensorflow_is_needed_to_run_v1_graphs_alone(app):
    status, out, err = app("migrate", "--verify", program=_WITHOUT)
    assert status == 0, err
    assert "10 weights: copied, not proved: running a v1 graph needs TensorFlow" in out
    assert "10 weights equal bit for bit" in out
    status, out, err = app("verify", f"--recording={GOLDEN / 'io.npz'}", program=_WITHOUT)
    assert status == 0, err
    assert out.count("output ") == 2
    status, out, _ = app("verify", "--require=proved", program=_WITHOUT)
    assert (status, "pip install tensorflow" in out) == (1, True)
    # outputs that differ are told all the same, without the layer that the graph would name
    wrong = (f"--recording={GOLDEN / 'io.npz'}", "--tolerance=1e-12")
    status, out, err = app("verify", *wrong, program=_WITHOUT)
    assert (status, "first layer that differs" in out) == (1, False), err
    status, out, err = app("back", "--weights=out.weights.h5", output="back.ckpt", program=_WITHOUT)
    assert (status, "0 variables have new values" in out) == (0, True), err
    status, out, err = app("migrate", output="out.savedmodel", program=_WITHOUT)
    assert (status, out, "set KERAS_BACKEND=tensorflow" in err) == (2, "", True), err
    to = ("--weights=out.weights.h5", "--saved_model=served")
    status, out, err = app("back", *to, output="", program=_WITHOUT)
    assert (status, out, "pip install tensorflow" in err) == (2, "", True), err


def test_a_plan_is_proved_and_a_recording_compared(app):
    status, out, err = app("migrate", "--verify", "--require=proved")
    assert status == 0, err
    assert "10 weights: 10 proved\n" in out
    assert "10 weights equal bit for bit" in out
    status, out, err = app("verify", f"--recording={GOLDEN / 'io.npz'}")
    assert status == 0, err
    assert out.count("output ") == 2
    status, out, _ = app("verify", f"--recording={GOLDEN / 'io.npz'}", "--tolerance=1e-12")
    assert (status, "first layer that differs: " in out) == (1, True)
    status, _, err = app("verify", "--tolerance=1e-12")
    assert (status, "! first layer that differs: " in err) == (1, True)


@pytest.mark.parametrize(
    ("name", "cell", "weights"),
    [
        (
            "lstm_everything_both_ways",
            "keras.layers.Bidirectional(RNN(FullLSTMCell(4, use_peepholes=True, "
            "projection_units=3, cell_clip=0.9, projection_clip=0.4)))",
            14,
        ),
        ("layer_norm_lstm", "RNN(NormedLSTMCell(4))", 6),
    ],
)
def test_cells_of_this_package_compute_what_was_recorded(name, cell, weights, app, tmp_path):
    (tmp_path / "model_of_cells.py").write_text(
        "import functools, keras\n"
        "from tf1compat.keras3 import FullLSTMCell, NormedLSTMCell\n"
        "RNN = functools.partial(keras.layers.RNN, return_sequences=True)\n"
        "def build():\n"
        "    x = keras.Input((4, 3), name='x')\n"
        f"    return keras.Model(x, {cell}(x))\n"
    )
    golden = ROOT / "tests" / "goldens" / "cells" / name
    given = {"model": "model_of_cells:build", "golden": golden}
    status, out, err = app("migrate", "--require=proved", **given)
    assert status == 0, err
    assert f"{weights} weights: {weights} proved\n" in out
    status, _, err = app("verify", f"--recording={golden / 'io.npz'}", "--tolerance=1e-6", **given)
    assert status == 0, err
