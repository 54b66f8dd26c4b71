"""The apps as a user runs them: arguments in, lines and an exit status out."""

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

_MODEL = """
import keras

def build():
    return keras.Sequential([
        keras.layers.Input((4,)),
        keras.layers.Dense(8, name="hidden", activation="relu"),
        keras.layers.Dense(3, name="scores"),
    ])

def many():
    x = out = keras.Input((2,))
    for n in range(40):
        out = keras.layers.Dense(2, name=f"block_{n}")(out)
    return keras.Model(x, out)

def unbuilt():
    return keras.Sequential([keras.layers.Dense(3)])

def broken():
    raise RuntimeError("no licence found")

number = 3
"""

_SHAPES = {
    "mlp/fc1/weights": (4, 8),
    "mlp/fc1/biases": (8,),
    "mlp/fc2/weights": (8, 3),
    "mlp/fc2/biases": (3,),
}


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(3)
    return {n: rng.normal(size=s).astype(np.float32) for n, s in _SHAPES.items()}


@pytest.fixture
def work(tmp_path, values, monkeypatch):
    """A directory with a checkpoint `model.ckpt` and a module `my_models`, as working directory."""
    slots = {f"{name}/Adam": value * 0 for name, value in values.items()}
    write_checkpoint(str(tmp_path / "model.ckpt"), {**values, **slots, "global_step": np.int64(7)})
    (tmp_path / "my_models.py").write_text(_MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("my_models", None)


def _one_error(err, *words):
    lines = err.strip().splitlines()
    assert len(lines) <= 40
    assert "Traceback" not in err
    assert "error: " in lines[0]
    for word in words:
        assert word in err


def test_overview_and_unknown_tasks(app):
    assert app("help")[0] == 0
    code, _, err = app("migrte")
    assert code == 2
    assert (
        "expected a task (inspect, plan, migrate, verify, back, diff, rename, cast, drop-slots, "
        "merge, split, average, extract, convert, completion), found 'migrte'" in err
    )


def test_inspect_lists_names_roles_and_totals(app, work):
    code, out, _ = app("inspect", "model.ckpt")
    assert code == 0
    assert re.search(
        r"^mlp/fc1/weights +\(4, 8\) +float32 +kernel +Adam +128 B$", out, re.MULTILINE
    )
    assert "mlp/fc1/weights/Adam" not in out
    assert "9 of 9 variables, 135 elements, 544 B" in out
    code, out, _ = app("inspect", "model.ckpt", "--slots")
    assert (code, "slot Adam of mlp/fc1/weights" in out) == (0, True)


def test_inspect_counts_slots_and_averages_together(app, work, values):
    averages = {f"{n}/ExponentialMovingAverage": v for n, v in values.items()}
    write_checkpoint("shadows.ckpt", {**values, **averages, "mlp/fc1/biases/Adam": np.ones(8)})
    _, out, _ = app("inspect", "--checkpoint=shadows.ckpt")
    assert "of these, 5 slots and moving averages with 75 elements" in out


def test_inspect_filters_by_exact_scope(app, work):
    code, out, _ = app("inspect", "--checkpoint=model.ckpt", "--scope=mlp/fc1", "--format=json")
    assert code == 0
    names = [row["name"] for row in json.loads(out)["variables"]]
    assert names == [
        "mlp/fc1/biases",
        "mlp/fc1/biases/Adam",
        "mlp/fc1/weights",
        "mlp/fc1/weights/Adam",
    ]
    code, _, err = app("inspect", "--checkpoint=model.ckpt", "--scope=mlp/fc")
    assert code == 2
    _one_error(err, "--scope=mlp/fc", "nearest scopes: mlp/fc1")
    code, _, err = app("inspect", "--checkpoint=model.ckpt", "--scope=ml")
    assert code == 2
    _one_error(err, "--scope=ml", "nearest scopes: mlp, mlp/fc1")  # holds scopes alone


def test_inspect_health_counts_what_is_not_finite(app, work, values):
    bad = values["mlp/fc1/weights"].copy()
    bad[0, :3] = np.nan, np.inf, 0
    write_checkpoint("sick.ckpt", {"w": bad})
    code, out, _ = app("inspect", "--checkpoint=sick.ckpt", "--health", "--format=json")
    (row,) = json.loads(out)["variables"]
    finite = bad[np.isfinite(bad)].astype(np.float64)
    assert code == 0
    assert (row["nan"], row["inf"], row["zero"]) == (1, 1, 1)
    assert_arrays_close(row["mean"], finite.mean(), rtol=1e-6)
    assert_arrays_close(row["std"], finite.std(), rtol=1e-6)


def test_inspect_health_sums_what_float64_does_not(app, work, recwarn):
    """The mean of 1e308, 1e308 and -1e308 is 1e308 / 3, their deviation that by sqrt(8)."""
    write_checkpoint("far.ckpt", {"w": np.array([1e308, 1e308, -1e308])})
    code, out, err = app("inspect", "--checkpoint=far.ckpt", "--health", "--format=json")
    assert (code, err, list(recwarn)) == (0, "", [])
    (found,) = json.loads(out)["variables"]
    assert_arrays_close(found["mean"], 1e308 / 3, rtol=1e-12)
    assert_arrays_close(found["std"], 1e308 / 3 * 8**0.5, rtol=1e-12)


def test_inspect_health_names_damage_and_reads_the_rest(app, work):
    (data,) = work.glob("model.ckpt.data*")
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    data.write_bytes(content)
    code, out, err = app("inspect", "--checkpoint=model.ckpt", "--health")
    assert code == 1
    assert err.count("damaged: ") == 1
    assert "at byte" in err
    assert "damaged" in out


def test_inspect_health_holds_values_against_the_manifest_beside_them(app, work):
    """Files swapped for those of another checkpoint are whole by their own checksums."""
    write_checkpoint("mine.ckpt", {"a": np.ones(2), "b": np.ones(2)})
    write_checkpoint("other.ckpt", {"a": np.ones(2), "b": np.zeros(2)})
    assert app("inspect", "--checkpoint=mine.ckpt", "--health")[0] == 0
    os.replace("other.ckpt.manifest.json", "mine.ckpt.manifest.json")
    code, out, err = app("inspect", "--checkpoint=mine.ckpt", "--health")
    assert code == 1
    assert next(line for line in out.splitlines() if line.startswith("b ")).endswith("damaged")
    assert err.count("\n") == 1
    assert err.startswith("damaged: mine.ckpt.manifest.json")
    assert "variable 'b': expected float64 of shape (2,) and SHA-256" in err
    assert app("inspect", "--checkpoint=mine.ckpt", "--health", "--regex=^a")[0] == 0
    code, out, _ = app("inspect", "--checkpoint=mine.ckpt", "--health", "--format=json")
    found = json.loads(out)
    assert (code, len(found["checkpoint"]["damage"])) == (1, 1)
    assert [row["zero"] for row in found["variables"]] == [0, 0]


def test_inspect_health_tells_what_is_wrong_with_the_files_themselves(app, work):
    write_checkpoint("mine.ckpt", {"a": np.ones(2)})
    with open("mine.ckpt.data-00001-of-00002", "xb") as file:
        file.write(b"more")
    code, _, err = app("inspect", "--checkpoint=mine.ckpt", "--health")
    assert (code, err.count("damaged: ")) == (1, 1)
    assert "4 bytes that the index does not know of" in err


@pytest.mark.parametrize("name", ["nowhere/model.ckpt", "model.ckp"])
def test_a_missing_checkpoint_is_one_line(app, work, name):
    for task in ("inspect", "plan", "migrate", "verify"):
        rest = [] if task == "inspect" else ["--model=my_models:build"]
        rest += ["--output=x.weights.h5"] if task in ("migrate", "verify") else []
        code, _, err = app(task, f"--checkpoint={name}", *rest)
        assert code != 0
        _one_error(err, name)
        assert len(err.strip().splitlines()) <= 3


_GONE = {
    "checkpoint": ("inspect", "plan", "migrate", "verify", "diff"),
    "model": ("plan", "migrate", "verify", "diff"),
    "rules": ("plan", "migrate", "verify", "diff"),
    "output": ("verify",),
    "recording": ("verify",),
    "other": ("diff",),
}


@pytest.mark.parametrize(
    ("flag", "task"), [(f, task) for f, tasks in _GONE.items() for task in tasks]
)
def test_a_missing_file_is_a_usage_error_in_every_task(app, work, flag, task):
    """Before Keras is waited for: a flag names what isn't there, whatever else it says."""
    there = {"checkpoint": "model.ckpt", "output": "out.weights.h5", "other": "out.weights.h5"}
    (work / "out.weights.h5").touch()
    if task == "inspect":
        needed = {"checkpoint"}
    else:
        needed = {"checkpoint", "model", {"diff": "other", "plan": "model"}.get(task, "output")}
    given = {name: there.get(name, "my_models:build") for name in needed}
    given[flag] = "gone.keras" if flag in ("model", "other", "output") else "gone/file"
    more = ["--overwrite"] * (task == "migrate")
    code, out, err = app(task, *(f"--{name}={value}" for name, value in given.items()), *more)
    assert (code, out) == (2, "")
    _one_error(err, given[flag])
    assert flag == "checkpoint" or f"--{flag}: expected a file, found none at" in err


def test_a_mistyped_file_is_told_with_the_nearest(app, work):
    (work / "runs").mkdir()
    for name in ("out.weights.h5", "runs/rules.toml"):
        (work / name).touch()
    given = ("model.ckpt", "my_models:build", "ot.weights.h5", "--rules=rnus/rules.toml")
    code, _, err = app("verify", *given)
    assert code == 2
    assert (
        "--output: expected a file, found none at 'ot.weights.h5'; nearest: out.weights.h5" in err
    )
    assert "found none at 'rnus/rules.toml'; nearest: runs/rules.toml" in err


@pytest.mark.parametrize("value", ["nan", "inf", "-1"])
def test_a_tolerance_is_a_finite_number(app, work, value):
    needed = ("--checkpoint=model.ckpt", "--model=my_models:build", "--output=out.keras")
    code, _, err = app("verify", *needed, f"--tolerance={value}")
    assert code == 2
    _one_error(err, "tolerance")


def test_a_reason_cannot_control_a_terminal(app, work):
    (work / "rules.toml").write_text(
        "rules = [{source='mlp/fc2/.*', drop=\"old\\u001b[2J\"}, {target='scores/.*', keep='new'}]"
    )
    common = ("--checkpoint=model.ckpt", "--model=my_models:build", "--rules=rules.toml")
    _, out, _ = app("plan", *common)
    assert r"old\x1b[2J" in out
    assert "\x1b" not in out
    _, out, _ = app("plan", *common, "--format=json")
    assert any(d["facts"].get("reason") == "old\x1b[2J" for d in json.loads(out)["drops"])


def test_plan_says_why(app, work):
    code, out, _ = app("plan", "--checkpoint=model.ckpt", "--model=my_models:build")
    assert code == 0
    assert "hidden/kernel" in out
    assert "nothing else of these roles and shapes" in out
    assert "plan complete: 4 targets: 4 filled" in out


def test_migrate_writes_what_verify_proves(app, work, values):
    import keras

    output = "--output=out.weights.h5"
    source = ("--checkpoint=model.ckpt", "--model=my_models:build")
    code, out, err = app("migrate", *source, output, "--verify")
    assert (code, err) == (0, "")
    assert "wrote out.weights.h5" in out
    assert "4 weights equal bit for bit" in out
    assert app("verify", *source, output)[0] == 0
    assert app("diff", *source, "--other=out.weights.h5")[0] == 0
    keras.utils.clear_session()
    import my_models

    model = my_models.build()
    model.load_weights("out.weights.h5")
    assert_arrays_equal(model.get_layer("hidden").kernel, values["mlp/fc1/weights"])


def test_migrate_replaces_nothing_unasked(app, work):
    """What stands there stays, whatever it is, and nothing is waited for."""
    for name in ("out.keras", "out-2.keras"):
        (work / name).write_text("mine")
    os.symlink("nowhere", "dangling.weights.h5")
    for more in ((), ("--dry_run",)):
        code, _, err = app("migrate", "model.ckpt", "my_models:build", "out.keras", *more)
        assert code == 2
        free = "--overwrite replaces it, 'out-3.keras' is free"
        _one_error(err, f"found a file at 'out.keras'; {free}")
    code, _, err = app("migrate", "model.ckpt", "my_models:build", "dangling.weights.h5")
    assert (code, "'dangling-2.weights.h5' is free" in err) == (2, True)
    assert (work / "out.keras").read_text() == "mine"
    code, _, err = app("migrate", "model.ckpt", "my_models:build", "out.keras", "--overwrite")
    assert (code, err) == (0, "")
    assert (work / "out.keras").read_bytes()[:2] == b"PK"


def test_verify_compares_outputs_with_a_recording(app, work, values):
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    hidden = np.maximum(x @ values["mlp/fc1/weights"] + values["mlp/fc1/biases"], 0)
    y = hidden @ values["mlp/fc2/weights"] + values["mlp/fc2/biases"]
    np.savez("good.npz", **{"in/x": x, "out/y": y})
    np.savez("bad.npz", **{"in/x": x, "out/y": y + 0.1})
    common = ("--checkpoint=model.ckpt", "--model=my_models:build", "--output=out.keras")
    assert app("migrate", *common)[0] == 0
    code, out, _ = app("verify", *common, "--recording=good.npz")
    assert code == 0
    assert "output y: max abs" in out
    code, out, err = app("verify", *common, "--recording=bad.npz")
    assert code == 1
    _one_error(err, "y: expected relative difference at most 1e-05")
    for more in ({}, {"in/mask": x}):  # of another model
        np.savez("other.npz", **{"in/x": x[:, :3], "out/y": y}, **more)
        code, _, err = app("verify", *common, "--recording=other.npz")
        assert code == 2
        expected = "inputs that it computes from (float32[None, 4]), found x float32[2, 3]"
        _one_error(err, f"expected {expected}")
        assert len(err.splitlines()) == 1


def test_an_incomplete_plan_writes_nothing(app, work, values):
    write_checkpoint("extra.ckpt", {**values, "tower/stray": np.ones((5, 5), np.float32)})
    common = ("--checkpoint=extra.ckpt", "--model=my_models:build", "--output=out.weights.h5")
    code, _, err = app("migrate", *common)
    assert code == 1
    _one_error(err, "tower/stray", "nothing was written")
    assert err.count("tower/stray") == 1
    assert not os.path.exists("out.weights.h5")
    (work / "rules.toml").write_text("rules = [{source='tower/stray', drop='not used'}]")
    assert app("migrate", *common, "--rules=rules.toml")[0] == 0


def test_offenders_of_many_layers_are_folded(app, work):
    code, _, err = app("plan", "--checkpoint=model.ckpt", "--model=my_models:many")
    assert code == 1
    assert len(err.splitlines()) <= 40
    assert "block_{0..39}/kernel" in err


@pytest.mark.parametrize(
    ("model", "status", "words"),
    [
        ("my_models", 2, ["module:callable"]),
        ("my_modls:build", 2, ["my_modls"]),
        ("my_models:bild", 2, ["bild", "build"]),
        ("my_models:number", 1, ["number"]),
        ("my_models:broken", 1, ["no licence found"]),
        ("my_models:unbuilt", 1, ["build"]),
        ("gone.keras", 2, ["gone.keras"]),
    ],
)
def test_bad_models_are_one_clear_error(app, work, model, status, words):
    code, _, err = app(
        "migrate", "--checkpoint=model.ckpt", f"--model={model}", "--output=out.weights.h5"
    )
    assert code == status
    _one_error(err, *words)
    assert os.listdir(work).count("out.weights.h5") == 0


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("out.h5", ["out.h5: expected a file name ending in .weights.h5, .keras, "]),
        ("missing/out.keras", ["expected an existing directory"]),
    ],
)
def test_bad_outputs_are_refused_before_any_work(app, work, output, words):
    code, _, err = app(
        "migrate", "--checkpoint=model.ckpt", "--model=my_models:build", f"--output={output}"
    )
    assert code == 2
    _one_error(err, *words)


def test_bad_rules_are_one_clear_error(app, work):
    (work / "rules.toml").write_text("rules = [{source='mlp/fc1/weight', target='hidden/kernel'}]")
    code, _, err = app(
        "plan",
        "--checkpoint=model.ckpt",
        "--model=my_models:build",
        "--rules=rules.toml",
    )
    assert code == 1
    _one_error(err, "rules.toml:1", "mlp/fc1/weights")


def test_diff_of_two_checkpoints(app, work, values):
    changed = {**values, "new": np.ones(2, np.float32)}
    changed["mlp/fc2/biases"] = values["mlp/fc2/biases"] + np.float32(0.5)
    changed["mlp/fc1/biases"] = values["mlp/fc1/biases"][:4]
    del changed["mlp/fc2/weights"]
    write_checkpoint("plain.ckpt", values)
    write_checkpoint("changed.ckpt", changed)
    code, out, _ = app("diff", "--checkpoint=plain.ckpt", "--other=changed.ckpt", "--format=json")
    rows = {row["name"]: row for row in json.loads(out)["rows"]}
    assert code == 1
    assert {name: row["what"] for name, row in rows.items()} == {
        "mlp/fc1/biases": "shape or dtype",
        "mlp/fc2/biases": "values",
        "mlp/fc2/weights": "missing",
        "new": "extra",
    }
    assert_arrays_close(rows["mlp/fc2/biases"]["largest"], 0.5, rtol=1e-6)
    code, out, _ = app("diff", "--checkpoint=plain.ckpt", "--other=plain.ckpt")
    assert (code, out.strip()) == (0, "all 4 are equal")


def test_diff_sees_nan_on_one_side_and_neighbours_among_large_integers(app, work, values):
    step = np.array([2**53], np.int64)
    sick = {n: np.where(v == v.max(), np.float32(np.nan), v) for n, v in values.items()}
    write_checkpoint("plain.ckpt", {**values, "step": step})
    write_checkpoint("sick.ckpt", {**sick, "step": step + 1})
    for left, right in (("plain", "sick"), ("sick", "plain")):
        code, out, _ = app("diff", f"--checkpoint={left}.ckpt", f"--other={right}.ckpt")
        assert (code, out.strip().splitlines()[-1]) == (1, "5 of 5 differ")
    assert app("diff", "--checkpoint=sick.ckpt", "--other=sick.ckpt")[0] == 0


def test_diff_sees_signs_of_zero(app, work):
    write_checkpoint("plus.ckpt", {"w": np.array([0.0, 1.0, np.nan], np.float32)})
    write_checkpoint("minus.ckpt", {"w": np.array([-0.0, 1.0, np.nan], np.float32)})
    code, out, _ = app("diff", "--checkpoint=plus.ckpt", "--other=minus.ckpt", "--format=json")
    (row,) = json.loads(out)["rows"]
    assert (code, row["what"], row["elements"]) == (1, "bits of equal values", 1)


def test_diff_counts_weights_and_sources_without_one(app, work, values):
    common = ("--model=my_models:build", "--checkpoint=model.ckpt")
    assert app("migrate", *common, "--output=out.weights.h5")[0] == 0
    other = {n: v for n, v in values.items() if n != "mlp/fc1/biases"}
    strays = {f"tower_{n}/stray": np.ones((5, n + 1), np.float32) for n in range(7)}
    write_checkpoint("other.ckpt", {**other, **strays, "mlp/fc2/biases": np.ones(3, np.float32)})
    code, out, _ = app("diff", common[0], "--checkpoint=other.ckpt", "--other=out.weights.h5")
    assert (code, out.strip().splitlines()[-1]) == (1, "9 of 11 differ")


def test_diff_of_strings_is_strict_json(app, work):
    write_checkpoint("one.ckpt", {"text": np.array([b"a"], object)})
    write_checkpoint("two.ckpt", {"text": np.array([b"b"], object)})
    _, out, _ = app("diff", "--checkpoint=one.ckpt", "--other=two.ckpt", "--format=json")
    (row,) = json.loads(out, parse_constant=pytest.fail)["rows"]
    assert (row["elements"], row["largest"]) == (1, None)


def test_unknown_flags_are_named(app, work):
    code, _, err = app("inspect", "--chekpoint=model.ckpt")
    assert code == 2
    _one_error(err, "chekpoint", "checkpoint")


@contextlib.contextmanager
def files_of_at_most(size):
    """No file may grow beyond `size` bytes, as on a disk that is full; Python gets an error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_error_and_the_old_file_stays(work, app):
    names = ("out.weights.h5", "out.keras")
    outputs = [f"--output={name}" for name in names]
    for output in outputs:
        code, _, _ = app("migrate", "--checkpoint=model.ckpt", "--model=my_models:build", output)
        assert code == 0
    before = [(work / name).read_bytes() for name in names]
    assert signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN  # else it would end the process
    for output in outputs:
        with files_of_at_most(1500):
            code, _, err = app("migrate", "model.ckpt", "my_models:build", output, "--overwrite")
        assert code == 1
        _one_error(err, "could not be written")
    assert [(work / name).read_bytes() for name in names] == before
    assert not [path for path in work.iterdir() if path.name.startswith(".tmp")]


def test_an_unexpected_error_is_one_line(app, work, monkeypatch):
    def fail(*_args, **_options):
        raise ZeroDivisionError("odd")

    monkeypatch.setattr("tf1compat.apps._flags.open_checkpoint", fail)
    code, _, err = app("inspect", "--checkpoint=model.ckpt")
    assert code == 1
    _one_error(err, "unexpected ZeroDivisionError: odd", "TF1COMPAT_TRACEBACK=1")


def test_the_command_as_a_process(work):
    result = subprocess.run(
        [sys.executable, "-m", "tf1compat", "inspect", "model.ckpt", "--slots"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    listed = [line.split()[0] for line in result.stdout.splitlines()[1:10]]
    assert listed == list(open_checkpoint("model.ckpt"))
