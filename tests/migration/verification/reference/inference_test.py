"""A training graph as it computes when it doesn't train, and what of a graph is left as it is."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph import layers
from tf1compat.migration.verification.reference._inference import for_inference
from tf1compat.migration.verification.reference.graph_file import GraphFile, read_graph
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1


def _floor(x, keep):  # up to 1.12
    return (x / keep) * tf.floor(keep + tf.random.uniform(tf.shape(x)))


def _cast(x, keep):  # 1.15
    rate = 1.0 - keep
    kept = tf.cast(tf.random.uniform(tf.shape(x)) >= rate, tf.float32)
    return x * (1.0 / (1.0 - rate)) * kept


def _where(x, keep):  # TensorFlow 2
    scaled = x * (1.0 / keep)
    return tf.where(tf.random.uniform(tf.shape(x)) >= 1.0 - keep, scaled, tf.zeros_like(x))


def _turned(x, keep):  # each factor where the other one was
    kept = tf.floor(tf.random.uniform([4, 3]) + keep)
    return kept * ((1.0 / keep) * x)


def _filled(x, keep):
    zeros = tf.zeros(tf.shape(x))
    return tf.where(tf.random.uniform(tf.shape(x)) >= 1.0 - keep, x / keep, zeros)


def _done(build):
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [4, 3], "x")
        tf.identity(build(x), name="y")
    return for_inference(graph.as_graph_def())[1]


@pytest.mark.parametrize("way", [_floor, _cast, _where, _turned, _filled])
@pytest.mark.parametrize("fed", [False, True], ids=["constant", "fed"])
def test_dropouts_are_left_out(way, fed):
    def build(x):
        return way(x, v1.placeholder(tf.float32, [], "keep") if fed else tf.constant(0.75))

    assert _done(build) == ("1 dropouts of the graph were left out",)


def _fed(name):
    return v1.placeholder(tf.float32, [], name)


@pytest.mark.parametrize(
    "build",
    [
        lambda x: (x * 0.1) * tf.floor(0.9 + tf.random.uniform([4, 1])),  # stochastic depth
        lambda x: 0.1 * x * tf.floor(0.9 + tf.random.uniform([4, 1])),
        lambda x: (x / 0.5) * tf.floor(0.75 + tf.random.uniform([4, 3])),
        lambda x: tf.where(tf.random.uniform([4, 3]) >= 0.25, x / 0.75, tf.ones([4, 3])),
        lambda x: tf.where(tf.random.uniform([4, 3]) >= 0.25, x * 2.0, tf.zeros([4, 3])),
        lambda x: (x / _fed("one")) * tf.floor(_fed("other") + tf.random.uniform([4, 3])),
    ],
    ids=[
        "depth",
        "depth the other way",
        "another scale",
        "other values",
        "scaled otherwise",
        "two rates",
    ],
)
def test_what_is_scaled_otherwise_is_no_dropout(build):
    assert _done(build) == ()


def test_what_is_drawn_all_the_same_is_said():
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [4, 3], "x")
        tf.identity(x + tf.random.normal([4, 3], name="noise"), name="y")
    reference = ReferenceGraph(GraphFile("toy.meta", graph.as_graph_def()), ["y"], fed=["x"])
    (note,) = reference.notes
    assert note.startswith("the graph draws at random: noise/RandomStandardNormal; --feed=noise/")


def _norm(trains, **options):
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [4, 3], "x")
        norm = layers.batch_normalization(x, training=True, name="bn", **options)
        y = tf.identity(norm, name="y")
        if trains == "optimizer":
            v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(y))
        elif trains == "gradients":
            tf.gradients(tf.reduce_sum(tf.nn.relu(y)), v1.trainable_variables(), name="by_hand")
    return graph


def _read(graph, folder):
    path = folder / "toy.meta"
    with graph.as_default():
        v1.train.export_meta_graph(str(path))
    return read_graph(path)


def test_norms_use_moving_statistics_where_the_graph_trains(tmp_path):
    """What normalises by the batch without training is meant to, as far as anyone can tell."""
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    values = {
        "bn/gamma": np.ones(3, np.float32),
        "bn/beta": np.zeros(3, np.float32),
        "bn/moving_mean": np.full(3, 2, np.float32),
        "bn/moving_variance": np.full(3, 4, np.float32),
    }

    def run(trains):
        reference = ReferenceGraph(_read(_norm(trains), tmp_path), ["y"], fed=["x"])
        return reference.run({"x": x}, values)["y"]

    for way in ("optimizer", "gradients"):
        assert_arrays_close(run(way), (x - 2) / np.sqrt(np.float32(4.001)), atol=1e-5)
    batch = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)
    assert_arrays_close(run(""), batch, atol=1e-5)


@pytest.mark.parametrize("in_resource", [False, True], ids=["reference", "resource"])
def test_a_mean_that_starts_at_zero_is_followed_by_what_is_set_right(tmp_path, in_resource):
    """`zero_debias` of 1.15: the average itself is too small by ``1 - decay**steps``.

    Its own variable for that is a reference, as long as not all variables are resources.
    """
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [4, 3], "x")
        mean = v1.get_variable("bn/mean", [3], trainable=False, use_resource=in_resource)
        biased = v1.get_variable("bn/mean/biased", [3], trainable=False, use_resource=False)
        batch = tf.reduce_mean(x, 0)
        updated = v1.assign_sub(biased, (biased - batch) * 0.1)
        v1.assign(mean, updated / (1.0 - 0.9**2))
        weight = v1.get_variable("w", [3])
        y = tf.identity((x - batch) * weight, name="y")
        v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(y))
    reference = ReferenceGraph(_read(graph, tmp_path), ["y"], fed=["x"])
    assert "bn/mean" in reference.variables
    assert "bn/mean/biased" not in reference.variables
    given = np.arange(12, dtype=np.float32).reshape(4, 3)
    values = {"bn/mean": np.full(3, 2, np.float32), "w": np.full(3, 0.5, np.float32)}
    assert_arrays_close(reference.run({"x": given}, values)["y"], (given - 2) * 0.5, atol=1e-6)


@pytest.mark.parametrize("op", ["Identity", "Cast", "Squeeze", "Reciprocal"])
def test_rings_of_ops_end(op):
    """TensorFlow refuses such a graph; a file may hold it."""
    graph = v1.GraphDef()
    graph.node.add(name="v", op="VariableV2")
    for name, other in (("ring", "gnir"), ("gnir", "ring")):
        graph.node.add(name=name, op=op, input=[other])
    graph.node.add(name="floor", op="GreaterEqual", input=["drawn", "ring"])
    graph.node.add(name="drawn", op="RandomUniform", input=["v"])
    graph.node.add(name="product", op="Mul", input=["ring", "floor"])
    graph.node.add(name="difference", op="Sub", input=["v", "ring"])
    graph.node.add(name="step", op="Mul", input=["difference", "ring"])
    graph.node.add(name="update", op="AssignSub", input=["v", "step"])
    graph.node.add(name="train/gradients/ring_grad/Reshape", op="Reshape", input=["ring", "v"])
    assert for_inference(graph) == (graph, ())


def _without_input(meta):
    del meta.graph_def.node[:1]


def _other_asset(meta):
    packed = meta.collection_def["saved_model_assets"].any_list.value.add()
    packed.type_url, packed.value = "type.googleapis.com/tensorflow.AssetFileDef", b"\x0a\x7fx"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without_input, "not a sound MetaGraphDef: node 'y' reads 'x', which isn't there"),
        (_other_asset, "expected a graph, found field 1 has 127 bytes, 1 left"),
    ],
)
def test_a_graph_that_contradicts_itself_is_none(tmp_path, change, message):
    meta = v1.MetaGraphDef()
    with tf.Graph().as_default() as graph:
        tf.identity(v1.placeholder(tf.float32, [], "x"), name="y")
    meta.graph_def.CopyFrom(graph.as_graph_def())
    change(meta)
    (tmp_path / "m.meta").write_bytes(meta.SerializeToString())
    with pytest.raises(UsageError, match=message):
        read_graph(str(tmp_path / "m.meta"))
