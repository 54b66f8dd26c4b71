"""A character model trains, saves and restores as under TensorFlow 1.15.5.

`records/generate_cells_training.py`, run under TensorFlow 1.15.5, wrote curves and checkpoint.
"""

import importlib.util
import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

v1 = tf.compat.v1


def shared():
    path = pathlib.Path(__file__).parent / "records" / "cells_here.py"
    spec = importlib.util.spec_from_file_location("cells_here", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


here = shared()
CURVES = json.loads((here.RECORDS / "cells_training.json").read_text())
training = here.load("cells_runner", "cells_training")


def relative(got, want):
    got, want = np.asarray(got, "float64"), np.asarray(want, "float64")
    return np.abs(got - want).max() / np.abs(want).max()


@pytest.mark.parametrize(("kind", "optimizer"), training.RUNS)
def test_ten_steps_have_the_losses_of_1_15(kind, optimizer):
    losses, logits = training.train(v1, here.NAMES, kind, optimizer)
    recorded = CURVES[f"{kind}/{optimizer}"]
    assert relative(losses, recorded["losses"]) < 1e-5
    assert relative(logits[0].ravel(), recorded["logits"]) < 1e-4


def test_checkpoint_of_1_15_restores_into_our_graph():
    with tf.Graph().as_default(), v1.Session() as session:
        x, _, _, _, _, logits = training.build(v1, here.NAMES, "stack", "adam")
        v1.train.Saver().restore(session, str(here.RECORDS / "cells_stack.ckpt"))
        got = session.run(logits, {x: training.text()[0][0]})
    assert relative(got[0].ravel(), CURVES["stack/adam"]["logits"]) < 1e-6


def test_our_checkpoint_holds_the_names_of_1_15(tmp_path):
    training.train(v1, here.NAMES, "stack", "adam", save=str(tmp_path / "ours.ckpt"))
    ours = tf.train.load_checkpoint(str(tmp_path / "ours.ckpt")).get_variable_to_shape_map()
    theirs = tf.train.load_checkpoint(str(here.RECORDS / "cells_stack.ckpt"))
    assert ours == theirs.get_variable_to_shape_map()
