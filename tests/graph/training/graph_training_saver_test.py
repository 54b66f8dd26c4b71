"""Checkpoints to and from TensorFlow 1.15.5, whose files are committed with their generator."""

import hashlib
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint
from tf1compat.graph import Assigner, assign_checkpoint, query
from tf1compat.testing import GraphTestCase

v1 = tf.compat.v1
FOLDER = pathlib.Path(__file__).parents[1] / "records" / "saver"
GOLDEN = str(FOLDER / "model.ckpt-3")
COMMAND = "python tests/graph/records/saver/generate.py"


def network(*, use_resource):
    """The network of the generator; returns the loss and what trains it."""
    ids = tf.constant([0, 3, 6, 3])
    with v1.variable_scope("net", use_resource=use_resource):
        with v1.variable_scope("emb", partitioner=v1.fixed_size_partitioner(3)):
            table = v1.get_variable("table", [7, 4])
        kernel = v1.get_variable("dense/kernel", [4, 2])
        bias = v1.get_variable("dense/bias", [2], initializer=v1.zeros_initializer())
    rows = v1.nn.embedding_lookup(table, ids, partition_strategy="div")
    loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(rows, kernel) + bias) - 0.5))
    step = v1.train.get_or_create_global_step()
    train = v1.train.MomentumOptimizer(0.1, 0.9).minimize(loss, step)
    average = v1.train.ExponentialMovingAverage(0.5)
    with tf.control_dependencies([train]):
        update = average.apply([kernel, bias])
    return loss, update


def digest(values):
    """The same as the generator's, which prints it for what 1.15.5 restored."""
    text = hashlib.sha256()
    for name in sorted(values):
        text.update(name.encode())
        text.update(np.ascontiguousarray(values[name]).tobytes())
    return text.hexdigest()


def golden():
    with np.load(FOLDER / "values.npz") as stored:
        values = {name: stored[name] for name in stored.files}
    return values, values.pop("__loss__"), str(values.pop("__digest__"))


class SaverTest(GraphTestCase):
    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path):
        self.directory = tmp_path

    def restored_by_tensorflow(self, use_resource):
        loss, _ = network(use_resource=use_resource)
        everything = Assigner(query())
        v1.train.Saver().restore(self.session, GOLDEN)
        values, expected, _ = golden()
        self.assert_all_equal(everything.read(self.session), values)
        self.assert_all_close(loss, expected, rtol=1e-6, atol=0)

    def test_a_saver_restores_1_15_s_checkpoint_into_references(self):
        self.restored_by_tensorflow(False)

    def test_a_saver_restores_1_15_s_checkpoint_into_resources(self):
        self.restored_by_tensorflow(True)

    def test_the_assigner_restores_it_whole(self):
        loss, _ = network(use_resource=True)
        everything = Assigner(query())
        load = assign_checkpoint(self.session, everything, open_checkpoint(GOLDEN))
        values, expected, wanted = golden()
        found = everything.read(self.session)
        assert digest(found) == wanted, COMMAND
        assert (set(load.assigned), load.skipped) == (set(values), {})
        self.assert_all_close(loss, expected, rtol=1e-6, atol=0)

    def saved(self, use_resource):
        network(use_resource=use_resource)
        assigner = Assigner(query())
        values, _, wanted = golden()
        assigner.assign(self.session, values)
        path = v1.train.Saver().save(self.session, str(self.directory / "ours.ckpt"))
        ours, theirs = open_checkpoint(path), open_checkpoint(GOLDEN)
        assert list(ours) == list(theirs)
        for name, entry in theirs.items():
            assert (entry.shape, entry.dtype) == (ours[name].shape, ours[name].dtype)
            assert entry.slices == ours[name].slices
        data = "data-00000-of-00001"
        with open(f"{path}.{data}", "rb") as one, open(f"{GOLDEN}.{data}", "rb") as other:
            assert one.read() == other.read()  # what 1.15.5 wrote, byte for byte
        assert digest({name: entry.read() for name, entry in ours.items()}) == wanted

    def test_what_a_saver_writes_is_what_1_15_wrote_from_references(self):
        self.saved(False)

    def test_what_a_saver_writes_is_what_1_15_wrote_from_resources(self):
        self.saved(True)
