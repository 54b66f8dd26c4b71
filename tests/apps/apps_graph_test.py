"""`tf1compat inspect --graph` lists what has to be named where a proof can't find it."""

import json
import shutil

import pytest
import tensorflow as tf

v1 = tf.compat.v1


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graph")
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        labels = v1.placeholder(tf.int64, [None], name="labels")
        v1.placeholder(tf.bool, [], name="is_training")
        kernel = v1.get_variable("kernel", [4, 3])
        logits = tf.matmul(x, kernel, name="logits")
        tf.raw_ops.Assert(condition=True, data=[logits], name="an_op_without_output")
        one_hot = tf.one_hot(labels, 3)
        loss = tf.reduce_mean(tf.square(logits - one_hot), name="loss")
        v1.train.GradientDescentOptimizer(0.1).minimize(loss)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model.ckpt"))
    meta = v1.MetaGraphDef()
    path = folder / "model.ckpt.meta"
    meta.ParseFromString(path.read_bytes())
    signature = meta.signature_def["serving_default"]
    signature.inputs["pixels"].name, signature.outputs["scores"].name = "x:0", "logits:0"
    signature.outputs["scores"].dtype = tf.float32.as_datatype_enum
    signature.outputs["scores"].tensor_shape.dim.add(size=-1)
    path.write_bytes(meta.SerializeToString())
    return folder


@pytest.fixture
def inspect(app, work):
    def call(*args, checkpoint="model.ckpt"):
        return app("inspect", f"--checkpoint={work / checkpoint}", "--graph", *args)

    return call


def test_inputs_outputs_and_signatures_are_listed(inspect):
    status, out, err = inspect()
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert ["x:0", "float32", "(?,", "4)"] in rows
    assert ["labels:0", "int64", "(?,)"] in rows
    assert ["is_training:0", "bool", "()", "False", "(it", "doesn't", "train)"] in rows
    assert ["logits:0", "float32", "(?,", "3)"] in rows
    assert ["loss:0", "float32", "()"] in rows
    assert ["serving_default", "inputs", "pixels", "x:0", "?", "any"] in rows
    assert ["serving_default", "outputs", "scores", "logits:0", "float32", "(?,)"] in rows
    assert "gradients" not in out
    assert "an_op_without_output" not in out


def test_json_holds_the_same(inspect):
    status, out, _ = inspect("--format=json")
    found = json.loads(out)["graph"]
    assert status == 0
    assert [one["name"] for one in found["outputs"]] == ["logits:0", "loss:0"]
    assert found["inputs"][0] == {
        "name": "x:0",
        "dtype": "float32",
        "shape": [None, 4],
        "optional": False,
    }
    assert found["phases"] == {"is_training:0": False}
    assert found["signatures"]["serving_default"]["outputs"] == {
        "scores": {"name": "logits:0", "dtype": "float32", "shape": [None]}
    }
    assert found["left_out"] == []


def test_without_a_graph_that_is_said(inspect, work):
    for name in ("index", "data-00000-of-00001"):
        shutil.copy(work / f"model.ckpt.{name}", work / f"bare.ckpt.{name}")
    status, _, err = inspect(checkpoint="bare.ckpt")
    assert status == 2
    assert "expected a .meta file beside it, found none" in err
