"""The tasks of checkpoint surgery as a user runs them."""

import json
import os

import ml_dtypes
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.testing import assert_arrays_equal

W = np.arange(14, dtype="f4").reshape(7, 2)
VALUES = {"net/w": W, "net/w/Adam": W * 2, "other/w": W[0], "global_step": np.int64(9)}
TASKS = {
    "rename": ("--map=net/w=body/kernel",),
    "cast": ("--to=bfloat16", "--scope=net"),
    "drop-slots": (),
    "merge": (),
    "split": ("--parts=2", "--variables=net/w"),
    "extract": ("--scope=net",),
    "convert": ("--variables=other/.*",),
}
LEFT = {"drop-slots": {"net/w/Adam"}, "convert": {"other/w"}}
LEFT["extract"] = {"net/w/Adam", "other/w", "global_step"}


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    write_checkpoint(str(tmp_path / "m"), VALUES)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("task", TASKS)
def test_a_dry_run_says_what_is_written_then_and_writes_nothing(app, task):
    args = (task, "--checkpoint=m", "--output=out", *TASKS[task])
    before = sorted(os.listdir())
    code, foreseen, err = app(*args, "--dry_run")
    assert (code, err, sorted(os.listdir())) == (0, "", before)
    code, said, err = app(*args)
    assert (code, err) == (0, "")
    assert said.split("\n")[-2] == foreseen.split("\n")[-2].replace("would write", "wrote")
    left = LEFT.get(task, set())
    kept = open_checkpoint("out")
    assert left.isdisjoint(kept)
    assert len(kept) == len(VALUES) - len(left)
    for name in kept:
        assert f"\n{name} " in foreseen
    code, _, err = app(*args)
    assert code == 2
    assert "a checkpoint, or a part of one, is there" in err


def test_the_same_as_json(app):
    _, out, _ = app("rename", "m", "out.npz", "--map=net/=body/", "--format=json", "--dry-run")
    found = json.loads(out)
    assert (found["task"], found["written"], found["left_out"]) == ("rename", False, [])
    assert [one["name"] for one in found["variables"]] == [
        "global_step",
        "body/w",
        "body/w/Adam",
        "other/w",
    ]
    assert found["variables"][1] == {
        "name": "body/w",
        "shape": [7, 2],
        "dtype": "float32",
        "what": "was net/w",
    }


def test_several_are_averaged(app):
    write_checkpoint("n", {**VALUES, "net/w": W * 3})
    code, out, err = app("average", "m", "n", "out.safetensors", "--weights=1,3")
    assert (code, err) == (0, "")
    assert_arrays_equal(open_checkpoint("out.safetensors")["net/w"].read(), W * 2.5)
    assert "wrote out.safetensors (4 variables, 3 of them changed, 0 left out)" in out


def test_rules_of_a_file_come_after_what_is_mapped(app):
    with open("rules.toml", "w") as file:
        file.write("rules = [{source='(.*)/w', target='\\1/kernel'}]")
    assert app("rename", "m", "out", "--map=net/w=first", "--rules=rules.toml")[0] == 0
    assert sorted(open_checkpoint("out")) == ["first", "first/Adam", "global_step", "other/kernel"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("rename", "m", "out"), "expected --rules=FILE or --map=OLD=NEW, found neither"),
        (("rename", "m", "out", "--map=net"), "--map: expected OLD=NEW, found 'net'"),
        (("cast", "m", "out"), "expected --to=bfloat16|float16|float32|float64, found none; usage"),
        (("cast", "m", "out", "--to=float16", "--scope=ne"), "--scope=ne: expected a variable"),
        (("cast", "m", "out", "--to=float16", "--variables=("), "--variables: "),
        (("split", "m", "out", "--parts=2"), "expected --variables=PATTERN or --scope=SCOPE"),
        (("extract", "m", "no", "out"), "scope 'no': expected variables in it, found none"),
        (("average", "m", "out"), "expected two checkpoints or more"),
        (("average", "m", "m", "out", "--weights=1,x"), "--weights: expected numbers"),
        (("convert", "m", "out.h5"), "expected a prefix, or a file of .safetensors, .npz"),
        (("convert", "m", "no/out"), "expected an existing directory for 'no/out'"),
        (("convert", "no", "out"), "no: there is no such checkpoint"),
        (("convert", "m", "m.npz", "--variables=.*"), "expected something to write"),
    ],
)
def test_what_cannot_be_done_is_one_error_and_writes_nothing(app, args, message):
    code, out, err = app(*args)
    assert (code, out) == (2, "")
    assert message in err
    assert sorted(os.listdir()) == ["m.data-00000-of-00001", "m.index", "m.manifest.json"]


@pytest.mark.parametrize(
    ("args", "message", "code"),
    [
        # what the files hold doesn't allow it, as in every task
        (("rename", "m", "out", "--map=net/w=other/w"), "other/w: expected one variable", 1),
        (("split", "m", "out", "--parts=9", "--variables=net/w"), "net/w: expected 9 rows", 1),
        (("average", "m", "n", "out"), "net/w: expected the same in every checkpoint", 1),
        (("convert", "n", "out.npz"), "half: expected a dtype of numpy's own", 1),
        # an output that is there already, as in migrate
        (("convert", "m", "n"), "a checkpoint, or a part of one, is there", 2),
        (("convert", "m", "file"), "file: a file is there; choose another prefix", 2),
        (("convert", "m", "folder.npz"), "folder.npz: a folder is there; choose another path", 2),
        (("convert", "m", "link.npz"), "link.npz: a link to 'nowhere' is there", 2),
    ],
)
def test_a_status_says_the_same_of_every_task(app, args, message, code):
    write_checkpoint("n", {"half": W.astype(ml_dtypes.bfloat16)})
    os.mkdir("folder.npz")
    os.symlink("nowhere", "link.npz")
    with open("file", "w"):
        pass
    before = sorted(os.listdir())
    status, out, err = app(*args)
    assert (status, out) == (code, "")
    assert message in err
    assert sorted(os.listdir()) == before


def test_values_that_would_be_lost_are_named(app):
    write_checkpoint("big", {"net/w": W * 1e30})
    code, _, err = app("cast", "big", "out", "--to=float16")
    assert code == 1
    assert "net/w: expected values that float16 can hold, found 13 that it can't" in err
    assert "cast others alone (--variables or --scope), or let them become infinite" in err
    assert app("cast", "big", "out", "--to=float16", "--overflow=infinity")[0] == 0
