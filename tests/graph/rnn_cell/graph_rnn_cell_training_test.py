"""A character model trains, saves and restores as under TensorFlow 1.15.5.

Regenerate curves and checkpoint: see tests/graph/records/cell_training/generate.py.
"""

import functools
import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from records.cell_training import model
from records.replay import CELLS, plainly

from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
RECORDS = pathlib.Path(__file__).parents[1] / "records" / "cell_training"
CURVES = json.loads((RECORDS / "curves.json").read_text())


def compare(run, *, losses, logits):
    """Losses and logits of a run against those recorded; the logits are rounded in the record."""
    assert_arrays_close(losses, CURVES[run]["losses"], of_largest=1e-5)
    assert_arrays_close(logits[0].ravel(), CURVES[run]["logits"], of_largest=1e-4)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Returns a function that gives a run's losses, logits and checkpoint; each runs once."""

    @functools.cache
    def run(kind, optimizer):
        saved = str(tmp_path_factory.mktemp("run") / "ours.ckpt")
        return *model.train(v1, CELLS, kind, optimizer, saved, plainly()), saved

    return run


@pytest.mark.parametrize(("kind", "optimizer"), model.RUNS)
def test_ten_steps_have_the_losses_of_1_15(kind, optimizer, trained):
    losses, logits, _ = trained(kind, optimizer)
    compare(f"{kind}/{optimizer}", losses=losses, logits=logits)


def test_checkpoint_of_1_15_restores_into_our_graph():
    with tf.Graph().as_default(), v1.Session(config=plainly()) as session:
        x, _, _, _, _, logits = model.build(v1, CELLS, "stack", "adam")
        v1.train.Saver().restore(session, str(RECORDS / "stack.ckpt"))
        got = session.run(logits, {x: model.text()[0][0]})
    assert_arrays_close(got[0].ravel(), CURVES["stack/adam"]["logits"], of_largest=1e-6)


def test_our_checkpoint_holds_the_names_of_1_15(trained):
    *_, saved = trained("stack", "adam")
    ours = tf.train.load_checkpoint(saved).get_variable_to_shape_map()
    theirs = tf.train.load_checkpoint(str(RECORDS / "stack.ckpt"))
    assert ours == theirs.get_variable_to_shape_map()


def test_a_run_that_became_nan_is_seen():
    recorded = CURVES["lstm/sgd"]
    logits = [np.array(recorded["logits"], np.float32)]
    compare("lstm/sgd", losses=recorded["losses"], logits=logits)
    losses = [*recorded["losses"][:-1], float("nan")]
    with pytest.raises(AssertionError, match="1 of 10 elements differ, by at most inf"):
        compare("lstm/sgd", losses=losses, logits=logits)
    with pytest.raises(AssertionError, match="elements differ, by at most inf"):
        compare("lstm/sgd", losses=recorded["losses"], logits=[logits[0] * np.float32("nan")])
