"""Plans onto SavedModels' graphs: decided by them, and proved by what their signatures say."""

import functools
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import UsageError
from tf1compat.keras3 import index_model
from tf1compat.migration import GraphOptions, Status, plan_migration, prove, record_graph
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.signatures import OutputSpec, Signature
from tf1compat.testing import assert_arrays_close

v1, layers = tf.compat.v1, keras.layers
GOLDEN = pathlib.Path(__file__).parents[2] / "goldens" / "saved_model"


def network(*, softmax):
    x = keras.Input((6,), name="features")
    y = layers.BatchNormalization(name="bn")(layers.Dense(8, name="first")(x))
    y = layers.Dense(4, use_bias=False, name="last")(layers.ReLU()(y))
    return keras.Model(x, layers.Softmax()(y) if softmax else y)


@functools.cache
def planned(path, build):
    checkpoint, index = open_checkpoint(path), index_model(build())
    return plan_migration(checkpoint, index), index, checkpoint


scores = functools.partial(network, softmax=True)
logits = functools.partial(network, softmax=False)


def proof_of(build, path=GOLDEN, **options):
    plan, index, checkpoint = planned(path, build)
    return prove(plan, index, checkpoint=checkpoint, options=GraphOptions(**options))


def compared(proof):
    assert proof.count(Status.PROVED) == len(proof.lines)
    return [one.name for one in proof.outputs]


def test_its_graph_decides_what_no_rule_says():
    plan, *_ = planned(GOLDEN, scores)
    assert plan.complete
    (last,) = (fill for fill in plan.fills if fill.target == "last/kernel")
    assert (last.sources, str(last.layout)) == (("net/turned",), "transpose(1, 0)")


def test_the_signature_to_serve_is_taken_where_it_agrees():
    assert compared(proof_of(scores)) == ["scores:0"]


def test_where_it_does_not_the_nearest_tensor_is():
    assert compared(proof_of(logits)) == ["logits:0"]


def test_a_signature_that_is_asked_for_is_the_one():
    assert compared(proof_of(logits, signature="logits")) == ["logits:0"]
    proof = proof_of(logits, signature="serving_default")
    assert not proof.agrees
    assert [one.name for one in proof.outputs] == ["scores:0"]


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        (("a", "default", "serving_default"), "serving_default"),
        (("a", "default"), "default"),  # a module of TensorFlow Hub
        (("a",), "a"),
        (("a", "b"), None),
    ],
)
def test_which_signature_is_meant(keys, meant):
    signatures = {key: Signature({}, {key: OutputSpec(key, "", None)}) for key in keys}
    graph = GraphFile("saved_model.pb", v1.GraphDef(), signatures)
    assert graph.signature() is signatures.get(meant)


def test_what_a_signature_calls_tensors_may_be_named():
    proof = proof_of(scores, inputs=["image"], outputs=["probabilities"])
    assert compared(proof) == ["scores:0"]
    assert compared(proof_of(logits, signature="logits", outputs=["raw"])) == ["logits:0"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"signature": "serve"}, "expected a signature 'serve', found logits, serving_default, wo"),
        ({"signature": "words"}, r"for each input of the model .*, found text:0 string\[None\]"),
        ({"outputs": ["raw"]}, "expected a tensor named raw:0, found none"),  # of another signature
        (
            {"inputs": ["word"], "signature": "words"},
            r"text:0: expected a tensor like the model's input, \[None, 6\], found one of \[None\]",
        ),
        (
            {"outputs": ["ids"]},
            r"may do more than compute: .*HashTableV2 \(.*tables are filled by an initializer, whi",
        ),
    ],
)
def test_what_does_not_fit_is_told(options, message):
    with pytest.raises(UsageError, match=message):
        proof_of(scores, **options)


def test_it_computes_what_tensorflow_1_15_recorded():
    recorded = np.load(GOLDEN / "io.npz")
    found = record_graph(GOLDEN, inputs={"image": recorded["in/pixels"]}, outputs=["probabilities"])
    assert_arrays_close(found.outputs["probabilities"], recorded["out/scores"], atol=1e-6)


@pytest.fixture(scope="module")
def of_examples(tmp_path_factory):
    """A SavedModel as an Estimator exports it: it takes serialized examples."""
    path = tmp_path_factory.mktemp("export") / "1600000000"
    with tf.Graph().as_default(), v1.Session() as session:
        examples = v1.placeholder(tf.string, [None], name="input_example_tensor")
        ids, size = tf.io.FixedLenFeature([2], tf.int64), tf.io.FixedLenFeature([4], tf.float32)
        others = tf.io.VarLenFeature(tf.string)
        parsed = v1.io.parse_example(examples, {"size": size, "ids": ids, "others": others})
        table = v1.get_variable("table", [7, 3], initializer=v1.random_normal_initializer())
        kernel = v1.get_variable("kernel", [7, 2], initializer=v1.random_normal_initializer())
        words = tf.reduce_mean(tf.gather(table, parsed["ids"]), 1)
        y = tf.sigmoid(tf.concat([parsed["size"], words], 1) @ kernel)
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(path), {"examples": examples}, {"output": y})
    return path


def of_features():
    size, ids = keras.Input((4,), name="size"), keras.Input((2,), dtype="int32", name="ids")
    words = layers.GlobalAveragePooling1D()(layers.Embedding(7, 3, name="words")(ids))
    head = layers.Dense(2, "sigmoid", use_bias=False, name="head")
    return keras.Model([size, ids], head(layers.Concatenate()([size, words])))


def test_what_examples_are_parsed_to_is_given(of_examples):
    assert compared(proof_of(of_features, of_examples)) == ["Sigmoid:0"]


class Module(tf.Module):
    """Two outputs of one signature, in a function; the attributes aren't the variables' names."""

    def __init__(self):
        rng = np.random.default_rng(5)
        self.k = tf.Variable(rng.normal(size=(4, 3)).astype("f4"), name="dense/kernel")
        self.b = tf.Variable(rng.normal(size=3).astype("f4"), name="dense/bias")

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def __call__(self, x):
        y = tf.matmul(x, self.k) + self.b
        return {"raw": y, "turned_off": tf.nn.relu(y)}

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def write(self, x):
        tf.io.write_file("/dev/null", "x")
        return {"raw": tf.matmul(x, self.k) + self.b}


@pytest.fixture(scope="module")
def of_functions(tmp_path_factory):
    path = tmp_path_factory.mktemp("v2") / "module"
    module = Module()
    signatures = {"serving_default": module.__call__, "write": module.write}
    tf.saved_model.save(module, str(path), signatures=signatures)
    return path


def dense():
    return keras.Sequential([keras.Input((4,), name="x"), layers.Dense(3, "relu", name="fc")])


def test_a_signature_in_functions_is_run(of_functions):
    (name,) = compared(proof_of(dense, of_functions))
    assert name.endswith("Call:1")  # the second output of a call


def test_a_signature_that_does_more_than_compute_is_refused(of_functions):
    with pytest.raises(UsageError, match=r"may do more than compute: WriteFile \(Stateful"):
        proof_of(dense, of_functions, signature="write")


def test_what_keras_exports_is_run(tmp_path):
    saved = dense()
    saved.get_layer("fc").bias.assign([0.5, -1.0, 2.0])
    saved.export(str(tmp_path / "exported"), verbose=False)
    checkpoint, index = open_checkpoint(tmp_path / "exported"), index_model(dense())
    plan = plan_migration(checkpoint, index)
    assert [drop.kind for drop in plan.drops] == ["object_graph", "equal", "equal"]
    compared(prove(plan, index, checkpoint=checkpoint))


def test_the_state_that_dropout_draws_from_is_no_weight(tmp_path):
    def model():
        x = keras.Input((4,), name="x")
        return keras.Model(x, layers.Dense(3, name="fc")(layers.Dropout(0.5)(x)))

    model().export(str(tmp_path / "exported"), verbose=False)
    plan = plan_migration(open_checkpoint(tmp_path / "exported"), index_model(model()))
    assert plan.complete
    assert "random_state" in [drop.kind for drop in plan.drops]


def test_a_model_of_keras_that_tensorflow_saves_is_run(tmp_path):
    # Its checkpoint has copies of the variables; functions read those that they were made with.
    saved = dense()
    saved.get_layer("fc").bias.assign([0.5, -1.0, 2.0])
    tf.saved_model.save(saved, str(tmp_path / "saved"))
    compared(proof_of(dense, tmp_path / "saved"))
