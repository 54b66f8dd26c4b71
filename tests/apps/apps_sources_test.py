"""What users give as --checkpoint, and what they are told where it is something else."""

import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
TESTDATA = pathlib.Path(__file__).parents[1] / "checkpoint" / "testdata"


def test_inspect_takes_a_state_file(app):
    code, out, _ = app("inspect", f"--checkpoint={TESTDATA / 'trained' / 'checkpoint'}")
    assert (code, "net/hidden/kernel" in out) == (0, True)


def test_a_copied_folder_that_names_another_says_so(app, tmp_path):
    shutil.copytree(TESTDATA / "trained", run := tmp_path / "run")
    prefix = next(run.glob("*.index")).with_suffix("")
    # As a Saver of 1.x writes it.
    (run / "checkpoint").write_text(f'model_checkpoint_path: "{prefix}"\n')
    assert app("inspect", str(run))[2] == ""
    shutil.copytree(run, copy := tmp_path / "copy")
    code, out, err = app("inspect", str(copy))
    assert (code, "net/hidden/kernel" in out) == (0, True)
    assert err.startswith(
        f"{copy / 'checkpoint'} names {prefix}, in another folder, which is read;"
    )
    assert app("inspect", str(copy / prefix.name))[2] == ""


def test_what_is_no_checkpoint_is_one_line_that_names_it(app, tmp_path):
    (tmp_path / "model.ckpt").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99))
    code, out, err = app("inspect", f"--checkpoint={tmp_path / 'model.ckpt'}")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "found an HDF5 file; " in err


def test_inspect_shows_both_names_of_an_object_based_checkpoint(app):
    code, out, _ = app("inspect", "--slots", f"{TESTDATA / 'object_based'}")
    rows = {line.split()[0]: line for line in out.splitlines() if line}
    assert (code, "ATTRIBUTES" in out) == (0, False)
    assert " hidden_a/bias " in rows["net/layer_with_weights-0/bias"]
    slot = rows["net/layer_with_weights-0/bias/optimizer/optimizer/m"]
    assert "slot m of net/layer_with_weights-0/bias " in slot
    assert "counter of saves" in rows["save_counter"]
    assert "(V2 checkpoint, object-based, 3 files)" in out


def test_inspect_as_json_has_both_names(app):
    _, out, _ = app("inspect", f"--checkpoint={TESTDATA / 'object_based'}", "--format=json")
    found = json.loads(out)
    saved = {row["name"]: row["saved_name"] for row in found["variables"]}
    assert (found["checkpoint"]["object_based"], saved["step"]) == (True, "global_step")


_MODEL = """
import keras

def build():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="hidden_a")])
"""


def test_plan_says_that_a_checkpoint_is_object_based(app, tmp_path, monkeypatch):
    (tmp_path / "model_of_objects.py").write_text(_MODEL)
    (tmp_path / "rules.toml").write_text("rules = [{source='(norm|hidden_b)/.*', drop='not here'}]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    code, out, err = app(
        "plan",
        f"--checkpoint={TESTDATA / 'object_based'}",
        "--model=model_of_objects:build",
        "--rules=rules.toml",
    )
    sys.modules.pop("model_of_objects", None)
    assert code == 0, err
    assert "is an object-based checkpoint (tf.train.Checkpoint, or save_weights of Keras)" in err
    assert "dropped 1 (object graph of an object-based checkpoint)" in out


_ALONE = """
import sys
for name in ("tensorflow", "keras", "h5py", "jax", "torch", "safetensors"):
    sys.modules[name] = None
from tf1compat.apps import run
run(sys.argv[1:])
"""


def test_numpy_is_enough_to_look_at_checkpoints(tmp_path):
    golden = ROOT / "tests" / "goldens" / "bert" / "model.ckpt"
    net = ROOT / "tests" / "goldens" / "keras215" / "weights.h5"

    def alone(*args):
        command = [sys.executable, "-c", _ALONE, *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    assert alone("inspect", golden)[:2][0] == 0
    assert alone("drop-slots", golden, tmp_path / "small.ckpt")[0] == 0
    status, out, _ = alone("diff", golden, tmp_path / "small.ckpt")
    assert (status, "92 of 139 differ" in out) == (1, True)
    status, _, err = alone("inspect", net)
    assert (status, "needs h5py, which can't be imported" in err) == (1, True)
