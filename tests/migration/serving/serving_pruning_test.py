"""What of a training graph a SavedModel of its ``.meta`` leaves out, and what it keeps."""

import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint
from tf1compat.migration import GraphOptions
from tf1compat.migration.serving.served_meta import serve_meta
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
GOLDENS = pathlib.Path(__file__).parents[2] / "goldens"
STEPS = 3


@pytest.fixture(scope="module")
def looped(tmp_path_factory):
    """A loop that trains, with a branch and a queue, as 1.15 has them; and what it computes."""
    folder = tmp_path_factory.mktemp("looped")
    v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default(), v1.Session() as session:
            build()
            session.run(v1.global_variables_initializer())
            v1.train.Saver().save(session, str(folder / "model.ckpt"))
            x = np.ones((1, 2), np.float32)
            return folder, x, session.run("y:0", {"x:0": x})
    finally:
        v1.enable_control_flow_v2()


def build():
    x = v1.placeholder(tf.float32, (None, 2), name="x")
    training = v1.placeholder_with_default(False, (), name="is_training")
    weight = v1.get_variable("weight", initializer=np.float32([[0.5, -1], [2, 0.25]]))
    step = lambda n, value: (n + 1, tf.tanh(value @ weight))  # noqa: E731
    _, y = v1.while_loop(lambda n, _: n < STEPS, step, (0, x))
    y = tf.identity(v1.cond(training, lambda: y * 2, lambda: y), name="y")
    queued = v1.train.batch([tf.constant(1.0)], batch_size=2)
    loss = tf.reduce_sum(y) + tf.reduce_sum(queued)
    rate = v1.cond(training, lambda: 0.5, lambda: 0.25, name="rate")
    v1.train.AdamOptimizer(rate).minimize(loss)


@pytest.fixture
def strange(looped, tmp_path):
    """The same, trained by an op that no TensorFlow has."""
    folder = tmp_path / "strange"
    shutil.copytree(looped[0], folder)
    path = folder / "model.ckpt.meta"
    meta = v1.MetaGraphDef.FromString(path.read_bytes())
    for node in meta.graph_def.node:
        if node.op == "ApplyAdam" or node.op == "ResourceApplyAdam":
            node.op = "ApplyOfAnother"
    meta.meta_info_def.stripped_op_list.op.add(name="ApplyOfAnother")
    path.write_bytes(meta.SerializeToString())
    return folder


def exported(folder, to, options):
    """Writes a SavedModel with the values as they are; returns what is said of it."""
    served = serve_meta(open_checkpoint(folder), options)
    (to / "variables").mkdir(parents=True)
    served.graph.write(str(to))
    for end in ("index", "data-00000-of-00001"):
        shutil.copy(folder / f"model.ckpt.{end}", to / f"variables/variables.{end}")
    return served.notes


BY_X = GraphOptions(inputs=["x"], outputs=["y"])


def test_it_loads_where_what_trained_it_is_not_known(looped, strange, tmp_path):
    _, x, y = looped
    notes = exported(strange, tmp_path / "export", BY_X)
    assert notes[-1].endswith(
        "ops of the graph left out, which neither serving nor restoring needs"
    )
    served = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
    assert_arrays_close(served(x=tf.constant(x))["y"].numpy(), y, atol=1e-6)


def test_a_session_imports_loops_and_branches_whole_and_all_variables(looped, tmp_path):
    folder, x, y = looped
    exported(folder, tmp_path / "export", BY_X)
    with tf.Graph().as_default() as graph, v1.Session() as session:
        meta = v1.saved_model.load(session, ["serve"], str(tmp_path / "export"))
        assert_arrays_close(session.run("y:0", {"x:0": x}), y, atol=1e-6)
        assert set(graph.get_all_collection_keys()) >= {"variables", "while_context"}
        assert "queue_runners" not in graph.get_all_collection_keys()
        values = session.run({v.op.name: v for v in v1.global_variables()})
    assert values.keys() == set(open_checkpoint(folder))
    ops = {node.op for node in meta.graph_def.node}
    assert ops.isdisjoint(("ApplyAdam", "ResourceApplyAdam", "FIFOQueueV2"))
    conds = meta.collection_def["cond_context"].bytes_list.value
    before = v1.MetaGraphDef.FromString((folder / "model.ckpt.meta").read_bytes())
    assert 0 < len(conds) < len(before.collection_def["cond_context"].bytes_list.value)
    listed = {op.name for op in meta.meta_info_def.stripped_op_list.op}
    assert listed == ops


def test_without_a_signature_all_is_kept():
    """Who loads such a graph asks it for tensors by their names, and nobody knows which."""
    checkpoint = open_checkpoint(GOLDENS / "vocabulary")
    served = serve_meta(checkpoint, GraphOptions())
    assert served.notes[0].startswith("no signature: ")
    assert not any("ops of the graph left" in note for note in served.notes)
    assert b"ApplyMomentum" in served.graph.files["saved_model.pb"]
