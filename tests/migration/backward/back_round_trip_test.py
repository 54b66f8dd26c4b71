"""What goes to Keras and back: untouched it is bit for bit what it was; tuned, v1 computes it.

`tests/campaign/back_in_tf1.py` has TensorFlow 1.15 itself do the same for all of these.
"""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from back_goldens import PAIRS, TIED, assert_same_tensors, outputs_of, tune
from shares import WHOLE

from tf1compat.checkpoint import open_checkpoint
from tf1compat.keras3 import index_model
from tf1compat.migration import convert, convert_back
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

v1 = tf.compat.v1
TOLERANCE = 1e-5  # of the largest output
# Of each way of laying out, one; slots and averages; slices; a format; a SavedModel.
FIRST = (
    "mod_table",
    "fused_qkv_by_head",
    "basic_lstm_both_ways",
    "cudnn_compatible_gru",
    "cudnn_opaque",
    "sharded",
    "saved_model",
    "v1_format",
)
ON_GPU = ("cudnn_opaque",)  # a CPU lacks an op of its graph


class Back:
    """A golden that went to Keras and came back, untouched and tuned."""

    def __init__(self, name, folder):
        keras.utils.clear_session()
        self.pair, self.name = PAIRS[name], name
        self.index, self.plan = self.pair.planned()
        self.recording = self.pair.recording()
        container = "saved_model" if name == "saved_model" else "checkpoint"
        convert(self.plan, self.index)
        self.untouched, self.tuned = str(folder / "untouched"), str(folder / "tuned")
        self.same = convert_back(self.plan, self.index, output=self.untouched, container=container)
        if name not in TIED:
            tune(self.index, self.recording.inputs)
            self.other = convert_back(self.plan, self.index, output=self.tuned, container=container)


@pytest.fixture(scope="module", params=PAIRS if WHOLE else FIRST)
def back(request, tmp_path_factory):
    return Back(request.param, tmp_path_factory.mktemp("back"))


def test_untouched_it_is_bit_for_bit_what_it_was(back):
    assert_same_tensors(back.pair.folder, back.untouched)
    assert back.same.changed == back.same.stale == ()
    assert back.same.rounded == {}
    stored = [
        tf.train.load_checkpoint(open_checkpoint(x).prefix)
        for x in (back.pair.folder, back.untouched)
    ]
    names = stored[0].get_variable_to_shape_map()
    assert names == stored[1].get_variable_to_shape_map()
    for name in names:
        assert_arrays_equal(stored[0].get_tensor(name), stored[1].get_tensor(name))


def test_tuned_a_v1_saver_restores_it_and_the_graph_computes_what_keras_does(back):
    if back.name in TIED or back.name in ON_GPU:
        pytest.skip("brought back untouched alone" if back.name in TIED else "no CPU runs it")
    expected = outputs_of(back.index, back.recording)
    assert_other(expected, back.recording.outputs)  # it was tuned
    with tf.Graph().as_default(), v1.Session() as session:
        if back.name == "saved_model":
            v1.saved_model.load(session, ["serve"], back.tuned)
        else:
            saver = v1.train.import_meta_graph(back.tuned + ".meta", clear_devices=True)
            saver.restore(session, back.tuned)
        feeds = {f"{name}:0": value for name, value in back.recording.inputs.items()}
        feeds |= {f"{phase}:0": False for phase in _phases()}
        found = session.run({name: f"{name}:0" for name in expected}, feeds)
    assert_arrays_close(found, expected, of_largest=TOLERANCE)


def test_tuned_what_is_converted_again_are_the_same_weights(back):
    if back.name in TIED:
        pytest.skip("brought back untouched alone")
    before = {path: np.asarray(weight.variable) for path, weight in back.index.items()}
    again = index_model(back.pair.build())
    convert(back.plan, again, checkpoint=open_checkpoint(back.tuned))
    apart = {*back.other.rounded, *back.other.summed}
    for fill in back.plan.fills:
        if fill.target not in apart:
            assert_arrays_equal(np.asarray(again[fill.target].variable), before[fill.target])
    assert len(apart) < len(back.plan.fills)


def assert_other(found, before):
    with pytest.raises(AssertionError, match=r"\d+ of \d+ elements? differ"):
        assert_arrays_close(found, before, of_largest=1e-3)


def _phases():
    names = {op.name for op in tf.compat.v1.get_default_graph().get_operations()}
    return [name for name in ("is_training", "training") if name in names]


def test_the_graph_goes_with_a_checkpoint_from_a_saved_model(tmp_path):
    """A SavedModel's graph becomes the .meta of a checkpoint."""
    pair = PAIRS["saved_model"]
    index, plan = pair.planned()
    convert(plan, index)
    output = str(tmp_path / "model.ckpt")
    convert_back(plan, index, output=output)
    assert sorted(os.listdir(tmp_path)) == [
        f"model.ckpt.{end}" for end in ("data-00000-of-00001", "index", "manifest.json", "meta")
    ]
    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.import_meta_graph(output + ".meta").restore(session, output)
        recording = pair.recording()
        found = session.run("scores:0", {"pixels:0": recording.inputs["pixels"]})
    assert_arrays_close({"y": found}, {"y": recording.outputs["scores"]}, of_largest=1e-6)
