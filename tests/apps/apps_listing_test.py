"""How `inspect` and `plan` fit a screen: slots in a column, scopes as a tree, numbers whole."""

import contextlib
import io
import re

import numpy as np
import pytest

from tf1compat.apps._scope_tree import tree_lines
from tf1compat.apps._tables import print_records
from tf1compat.apps._together import together
from tf1compat.apps._variables_table import Listing, print_listing
from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.names.folded_rows import fold_rows
from tf1compat.testing import assert_arrays_close

LAYERS = 12
DENSE = {"kernel": (4, 4), "bias": (4,)}


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(5)
    found = {
        f"bert/encoder/layer_{n}/{part}/{leaf}": rng.normal(size=shape).astype(np.float32)
        for n in range(LAYERS)
        for part in ("attention", "output")
        for leaf, shape in DENSE.items()
    }
    slots = {f"{name}/{leaf}": v * 0 for name, v in found.items() for leaf in ("Adam", "Adam_1")}
    return {**found, **slots, "global_step": np.int64(3)}


class Terminal(io.StringIO):
    """Where text goes that somebody looks at."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Runs the command with a terminal of some width for its output; returns status and lines."""
    from tf1compat.apps import run

    def call(*args, width=80, plain=True):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("TERM", "xterm")
        shown = Terminal()
        with contextlib.redirect_stdout(shown), pytest.raises(SystemExit) as ended:
            run(args)
        text = shown.getvalue()
        text = re.sub(r"\x1b\[[0-9;]*m", "", text) if plain else text
        return ended.value.code, [line.rstrip() for line in text.splitlines()]

    return call


def test_layers_that_are_alike_stand_once_and_slots_in_a_column(tmp_path, values, terminal):
    write_checkpoint(str(tmp_path / "model.ckpt"), values)
    code, lines = terminal("inspect", str(tmp_path / "model.ckpt"))
    assert code == 0
    assert lines[:10] == [
        "name                   shape   dtype    role         slots         size",
        "bert/encoder/                                                   1.92 kB",
        "  layer_{0..11}/ x 12                                           1.92 kB",
        "    attention/                                                     80 B",
        "      bias             (4,)    float32               Adam m, v     16 B",
        "      kernel           (4, 4)  float32               Adam m, v     64 B",
        "    output/                                                        80 B",
        "      bias             (4,)    float32               Adam m, v     16 B",
        "      kernel           (4, 4)  float32               Adam m, v     64 B",
        "global_step            ()      int64    global step                 8 B",
    ]
    assert lines[-2].startswith("145 of 145 variables, 1,441 elements")
    assert len(terminal("inspect", str(tmp_path / "model.ckpt"), "--layers")[1]) > 60
    assert len(terminal("inspect", str(tmp_path / "model.ckpt"), "--layers", "--slots")[1]) > 150


@pytest.mark.parametrize("width", [40, 80, 200])
def test_health_fits_and_cuts_no_number(tmp_path, values, terminal, width):
    sick = dict(values)
    kernel = sick["bert/encoder/layer_3/output/kernel"].copy()
    kernel[0] = np.nan, np.inf, -np.inf, 0
    sick["bert/encoder/layer_3/output/kernel"] = kernel
    sick["bert/encoder/layer_5/output/bias/Adam_1"] = np.full(4, np.nan, np.float32)
    write_checkpoint(str(tmp_path / "sick.ckpt"), sick)
    _, lines = terminal("inspect", str(tmp_path / "sick.ckpt"), "--health", width=width)
    assert max(map(len, lines[: lines.index("")])) <= max(width, 70)  # whatever numbers take
    assert (f"{'shape':<8}" in lines[0]) == (width == 200)
    assert any(line.startswith("(wider terminals") for line in lines) == (width < 200)
    finite = kernel[np.isfinite(kernel)].astype(np.float64)
    (row,) = [line for line in lines if re.search(r" 1  +2  +1$", line)]
    assert f"{finite.std():.4g}" in row.split()
    if width == 40:  # names are folded then, and numbers aren't
        return
    assert any(re.fullmatch(r"\s+bias/Adam_1 .* 4", line) for line in lines)  # not within a column
    named = "bert/encoder/layer_3/output/kernel, bert/encoder/layer_5/output/bias/Adam_1"
    assert lines[-1] == f"NaN or Inf in {named}"
    assert sum("layer_{0..2,4,6..11}/" in line for line in lines) == 1


def test_differences_of_layers_stand_once(tmp_path, values, terminal):
    """Of all that a line stands for, the elements together, and the largest difference."""
    other = {n: v + np.float32(1) if n.endswith("output/bias") else v for n, v in values.items()}
    other["bert/encoder/layer_7/output/bias"] = other["bert/encoder/layer_7/output/bias"] + 2
    other["global_step"] = np.int32(3)
    for name, some in (("a", values), ("b", other)):
        write_checkpoint(str(tmp_path / f"{name}.ckpt"), some)
    sides = (str(tmp_path / "a.ckpt"), str(tmp_path / "b.ckpt"))
    code, lines = terminal("diff", *sides, width=100)
    assert (code, len(lines)) == (1, 5)
    row = re.fullmatch(r"  layer_\{0..11\}/output/bias x 12 +values .* 48 +(.*)", lines[2])
    assert_arrays_close(float(row[1]), 3, rtol=1e-3)
    assert lines[3].split() == ["global_step", "shape", "or", "dtype", "int64[]", "int32[]"]
    write_checkpoint(
        str(tmp_path / "c.ckpt"),
        {**other, "bert/encoder/layer_2/output/bias": np.full(4, np.nan, np.float32)},
    )
    lines = terminal("diff", sides[0], str(tmp_path / "c.ckpt"), width=100)[1]
    assert lines[2].split()[-2:] == ["48", "nan"]


def test_colour_is_for_what_needs_attention(tmp_path, terminal, monkeypatch):
    write_checkpoint(str(tmp_path / "a.ckpt"), {"a": np.array([1, np.nan]), "b": np.ones(2)})
    args = ("inspect", str(tmp_path / "a.ckpt"), "--health")
    coloured = [line for line in terminal(*args, plain=False)[1] if "\x1b[1;31m" in line]
    assert len(coloured) == 1
    assert coloured[0].startswith("a ")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in "".join(terminal(*args, plain=False)[1])


def test_statistics_of_layers_together_are_those_of_all_elements():
    rng = np.random.default_rng(2)
    arrays = [rng.normal(loc=at, size=size) for at, size in enumerate((3, 8, 5))]
    rows = [
        {
            "shape": list(a.shape),
            "min": a.min(),
            "max": a.max(),
            "mean": a.mean(),
            "std": a.std(),
            "nan": 0,
            "inf": 0,
            "zero": 1,
        }
        for a in arrays
    ]
    found, every = together(rows), np.concatenate(arrays)
    assert (found["zero"], found["min"], found["max"]) == (3, every.min(), every.max())
    assert_arrays_close(found["mean"], every.mean(), rtol=1e-12)
    assert_arrays_close(found["std"], every.std(), rtol=1e-12)


def test_what_is_not_alike_is_not_one():
    names = ["l_0/w", "l_1/w", "l_2/w", "l_2/b"]
    assert [line.text for line in tree_lines(names, alike=[1, 1, 1, 1])] == [
        "l_{0,1}/w",
        "l_2/",
        "  w",
        "  b",
    ]
    assert [line.text for line in tree_lines(names[:3], alike=[1, 2, 1])] == [
        "l_{0,2}/w",
        "l_1/w",
    ]
    apart = ["b1_u1/w", "b1_u2/w", "b2_u1/w"]  # which no pattern gives without b2_u2
    assert [line.text for line in tree_lines(apart, alike=[1, 1, 1])] == apart
    deep = "/".join(["a"] * 5000)
    assert len(tree_lines([deep, f"{deep}/b"])) < 100


@pytest.mark.parametrize(
    ("rows", "folded"),
    [
        ([["a0", "b0"], ["a1", "b1"]], [["a{0,1}", "b{0,1}"]]),
        ([["a0", "b5"], ["a1", "b3"]], [["a{0,1}", "b{5,3}"]]),
        ([["a0/x0", "-"], ["a0/x1", "-"], ["a1/x0", "-"]], None),
        ([["a0", "same"], ["a1", "other"]], None),
        ([["a0", "b1"], ["a1", "b1"]], [["a{0,1}", "b1"]]),
    ],
)
def test_rows_are_folded_where_their_numbers_go_together(rows, folded):
    assert fold_rows(rows) == (folded or rows)


def test_a_pipe_gets_whole_names(capsys, tmp_path, values):
    write_checkpoint(str(tmp_path / "model.ckpt"), values)
    checkpoint = open_checkpoint(str(tmp_path / "model.ckpt"))
    row = {"shape": [1], "dtype": "x", "role": "", "bytes": 1, "slices": 0, "kind": "variable"}
    rows = [{**row, "name": f"a/l_{n}/w", "of": None, "slot": None} for n in range(3)]
    print_listing(Listing(checkpoint, rows))
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in out[1:4]] == ["a/l_0/w", "a/l_1/w", "a/l_2/w"]
    print_records(["target", "source", "empty"], [["a" * 90, "b" * 90, ""]])
    assert capsys.readouterr().out.splitlines()[1] == f"{'a' * 90}  {'b' * 90}"
