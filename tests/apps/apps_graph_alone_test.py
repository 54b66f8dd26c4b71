"""`tf1compat inspect --graph` lists what a graph's file says with NumPy alone."""

import importlib.util
import json
import pathlib

GOLDENS = pathlib.Path(__file__).parents[1] / "goldens"


def test_a_graph_of_a_saver_is_listed_by_its_file(app):
    status, out, err = app("inspect", str(GOLDENS / "bert"), "--graph", "--format=json")
    found = json.loads(out)["graph"]
    assert (status, err) == (0, "")
    assert {one["name"]: (one["dtype"], one["shape"]) for one in found["inputs"]} == {
        name: ("int32", [None, 10]) for name in ("input_ids:0", "input_mask:0", "segment_ids:0")
    }
    assert {one["name"]: (one["dtype"], one["shape"]) for one in found["outputs"]} == {
        "sequence:0": ("float32", [None, 10, 24]),
        "pooled:0": ("float32", [None, 24]),
        "mlm_logits:0": ("float32", [None, 10, 48]),
        "nsp_logits:0": ("float32", [None, 2]),
    }


def test_what_a_file_does_not_say_is_said(app, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # no library is installed
    status, out, err = app("inspect", str(GOLDENS / "frozen" / "optimized.pb"), "--graph")
    assert status == 0
    assert out.splitlines()[-1].split() == ["net/y:0", "?", "any"]
    assert err == (
        "the graph's file doesn't say the dtypes and shapes of its outputs; where TensorFlow is "
        "installed, it infers them\n"
    )
