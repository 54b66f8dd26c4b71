"""A graph is taken apart once, whoever looks at it, until its file is another."""

import pathlib
import shutil

from tf1compat.checkpoint import read_meta
from tf1compat.checkpoint.meta import _graph_at
from tf1compat.checkpoint.meta.settings import read_settings
from tf1compat.checkpoint.meta.training_steps import read_training_steps

GOLDENS = pathlib.Path(__file__).parents[2] / "goldens"


def test_all_that_look_at_a_graph_take_it_apart_once(tmp_path, monkeypatch):
    taken, sound = [], _graph_at.sound_graph
    monkeypatch.setattr(
        _graph_at, "sound_graph", lambda data, budget: taken.append(1) or sound(data, budget)
    )
    path = tmp_path / "m.meta"
    shutil.copyfile(GOLDENS / "vocabulary" / "model.ckpt.meta", path)
    variables = read_meta(path).variables
    assert read_training_steps(path).steps
    assert read_settings(path) is not None
    assert read_meta(path).variables is variables
    assert len(taken) == 1
    path.unlink()
    shutil.copyfile(GOLDENS / "meanings" / "table" / "model.ckpt.meta", path)
    assert not read_training_steps(path).steps
    assert {one.name for one in read_meta(path).variables} != {one.name for one in variables}
    assert len(taken) == 2
