"""Names of files and variables are shown by every task, never obeyed: on whatever way."""

import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint

EVIL = "a\x1b[2J\x9b31m\u202e\u2066\u2028\nforged"
_MODEL = """
import keras

def build():
    return keras.Sequential([
        keras.layers.Input((4,)),
        keras.layers.Dense(8, name="hidden", activation="relu"),
        keras.layers.Dense(3, name="scores"),
    ])
"""
_SHAPES = {"fc1/weights": (4, 8), "fc1/biases": (8,), "fc2/weights": (8, 3), "fc2/biases": (3,)}
_RULES = """rules = [
  {source='(?s)(.*)/fc1/weights', target='hidden/kernel'},
  {source='(?s)(.*)/fc1/biases', target='hidden/bias'},
  {source='(?s)(.*)/fc2/weights', target='scores/kernel'},
  {source='(?s)(.*)/fc2/biases', target='scores/bias'},
  {source='(?s).*/more', drop="REASON"},
]"""


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shown")
    rng = np.random.default_rng(3)
    values = {f"{EVIL}/{name}": rng.normal(size=s) for name, s in _SHAPES.items()}
    values = {name: value.astype(np.float32) for name, value in values.items()}
    write_checkpoint(str(folder / "good"), values)
    write_checkpoint(str(folder / "more"), {**values, f"{EVIL}/more": np.full(3, np.nan)})
    changed = {name: value + 1 for name, value in values.items()}
    write_checkpoint(str(folder / "changed"), {**changed, f"{EVIL}/other": np.zeros(2)})
    shapes = {name: value.T.copy()[:2] for name, value in values.items()}
    write_checkpoint(str(folder / "shapes"), shapes)
    damaged = dict(values)
    write_checkpoint(str(folder / "damaged"), damaged)
    data = folder / "damaged.data-00000-of-00001"
    data.write_bytes(b"\xff" * len(data.read_bytes()))
    reason = "".join(f"\\u{ord(c):04x}" for c in EVIL)
    (folder / "rules.toml").write_text(_RULES.replace("REASON", reason))
    (folder / "shown_models.py").write_text(_MODEL)
    return folder


MODEL = ("--model=shown_models:build", "--rules=rules.toml")
OUTPUT = "--output=out.weights.h5"

TASKS = {
    "inspect": ("inspect", "--checkpoint=more"),
    "inspect json": ("inspect", "--checkpoint=more", "--format=json"),
    "inspect health": ("inspect", "--checkpoint=more", "--health"),
    "inspect damage": ("inspect", "--checkpoint=damaged", "--health"),
    "inspect no scope": ("inspect", "--checkpoint=more", f"--scope={EVIL}x"),
    "inspect no pattern": ("inspect", "--checkpoint=more", f"--regex=({EVIL}"),
    "no checkpoint": ("inspect", f"--checkpoint={EVIL}"),
    "diff": ("diff", "--checkpoint=good", "--other=changed"),
    "diff json": ("diff", "--checkpoint=good", "--other=changed", "--format=json"),
    "diff damage": ("diff", "--checkpoint=good", "--other=damaged"),
    "no other": ("diff", "--checkpoint=good", f"--other={EVIL}"),
    "plan": ("plan", "--checkpoint=good", *MODEL),
    "plan of more": ("plan", "--checkpoint=more", *MODEL),
    "plan json": ("plan", "--checkpoint=more", *MODEL, "--format=json"),
    "plan without rules": ("plan", "--checkpoint=more", MODEL[0]),
    "plan of shapes": ("plan", "--checkpoint=shapes", *MODEL),
    "no rules": ("plan", "--checkpoint=more", MODEL[0], f"--rules={EVIL}"),
    "no model": ("plan", "--checkpoint=more", f"--model=shown_models:{EVIL}"),
    "no module": ("plan", "--checkpoint=more", f"--model={EVIL}:build"),
    "no model file": ("plan", "--checkpoint=more", f"--model={EVIL}.keras"),
    "migrate": ("migrate", "--checkpoint=more", *MODEL, OUTPUT),
    "migrate damage": ("migrate", "--checkpoint=damaged", *MODEL, "--output=no.weights.h5"),
    "migrate nowhere": ("migrate", "--checkpoint=good", *MODEL, f"--output={EVIL}/o.keras"),
    "migrate unknown": ("migrate", "--checkpoint=good", *MODEL, f"--output={EVIL}"),
    "verify": ("verify", "--checkpoint=more", *MODEL, OUTPUT),
    "verify others": ("verify", "--checkpoint=changed", *MODEL, OUTPUT),
    "verify damage": ("verify", "--checkpoint=damaged", *MODEL, OUTPUT),
    "no recording": ("verify", "--checkpoint=good", *MODEL, OUTPUT, f"--recording={EVIL}"),
    "no task": (EVIL,),
    "no flag": ("inspect", f"--{EVIL}"),
}


def test_no_task_obeys_names(app, work, monkeypatch):
    monkeypatch.chdir(work)
    monkeypatch.syspath_prepend(str(work))
    raw, silent = {}, []
    for what, args in TASKS.items():
        status, out, err = app(*args)
        shown = out + err
        assert what not in ("migrate", "verify") or status == 0, shown
        found = set(shown) & set("\x1b\x9b\u202e\u2066\u2028\r")
        forged = [line for line in shown.split("\n") if line.startswith("forged")]
        if found or forged:
            raw[what] = (sorted(found), forged)
        if "x1b" not in shown and "u001b" not in shown and what not in ("migrate", "verify"):
            silent.append((what, status, shown[:200]))
    assert raw == {}
    assert silent == [], f"a name should have been said: {silent}"
