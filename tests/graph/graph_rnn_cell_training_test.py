"""A character model trains, saves and restores as under TensorFlow 1.15.5.

`records/generate_cells_training.py`, run under TensorFlow 1.15.5, wrote curves and checkpoint.
"""

import importlib.util
import json
import pathlib
import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.graph import rnn_cell

v1 = tf.compat.v1
RECORDS = pathlib.Path(__file__).parent / "records"
CURVES = json.loads((RECORDS / "cells_training.json").read_text())
NAMES = types.SimpleNamespace(
    dynamic_rnn=v1.nn.dynamic_rnn,
    **{name: getattr(rnn_cell, name) for name in rnn_cell.__all__},
)


def load(name):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, RECORDS / f"{name}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


load("cells_runner")
training = load("cells_training")


def relative(got, want):
    got, want = np.asarray(got, "float64"), np.asarray(want, "float64")
    return np.abs(got - want).max() / np.abs(want).max()


@pytest.mark.parametrize(("kind", "optimizer"), training.RUNS)
def test_ten_steps_have_the_losses_of_1_15(kind, optimizer):
    losses, logits = training.train(v1, NAMES, kind, optimizer)
    recorded = CURVES[f"{kind}/{optimizer}"]
    assert relative(losses, recorded["losses"]) < 1e-5
    assert relative(logits[0].ravel(), recorded["logits"]) < 1e-4


def test_checkpoint_of_1_15_restores_into_our_graph():
    with tf.Graph().as_default(), v1.Session() as session:
        x, _, _, _, _, logits = training.build(v1, NAMES, "stack", "adam")
        v1.train.Saver().restore(session, str(RECORDS / "cells_stack.ckpt"))
        got = session.run(logits, {x: training.text()[0][0]})
    assert relative(got[0].ravel(), CURVES["stack/adam"]["logits"]) < 1e-6


def test_our_checkpoint_holds_the_names_of_1_15(tmp_path):
    training.train(v1, NAMES, "stack", "adam", save=str(tmp_path / "ours.ckpt"))
    ours = tf.train.load_checkpoint(str(tmp_path / "ours.ckpt")).get_variable_to_shape_map()
    theirs = tf.train.load_checkpoint(str(RECORDS / "cells_stack.ckpt"))
    assert ours == theirs.get_variable_to_shape_map()
