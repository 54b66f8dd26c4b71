"""SavedModels of a ``.meta``'s graph, as today's TensorFlow loads them.

`tests/campaign/back_in_tf1.py` has TensorFlow 1.15 itself load and run them.
"""

import os
import pathlib
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from back_goldens import in_words, words_classified

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import UsageError
from tf1compat.keras3 import index_model
from tf1compat.migration import GraphOptions, convert, convert_back, load_recording, plan_migration
from tf1compat.migration.serving.served_meta import serve_meta
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import changes_variables
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

v1 = tf.compat.v1
GOLDENS = pathlib.Path(__file__).parents[2] / "goldens"
GOLDEN = GOLDENS / "vocabulary"
BY_IDS = GraphOptions(inputs=["ids"], outputs=["scores"])
BY_WORDS = GraphOptions(inputs={"words": "text"}, outputs=["scores"])
TOLERANCE = 1e-5  # of the largest output


class Tuned:
    """The golden, tuned in Keras and written as a SavedModel that serves words."""

    def __init__(self, folder):
        keras.utils.clear_session()
        self.model = index_model(words_classified())
        self.plan = plan_migration(GOLDEN, self.model)
        convert(self.plan, self.model)
        inputs = load_recording(GOLDEN / "io.npz").inputs
        self.ids, self.words = inputs["ids"], in_words(inputs)["text"]
        for weight in self.model.values():
            weight.variable.assign(weight.variable * 1.25)
        self.scores = np.asarray(self.model.model(self.ids))
        self.output = str(folder / "export")
        self.done = convert_back(
            self.plan, self.model, output=self.output, container="saved_model", options=BY_WORDS
        )


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    return Tuned(tmp_path_factory.mktemp("tuned"))


def test_it_serves_what_keras_computes_and_says_what_it_is(tuned):
    served = tf.saved_model.load(tuned.output).signatures["serving_default"]
    found = served(words=tf.constant(tuned.words))
    assert_arrays_close(found["scores"].numpy(), tuned.scores, of_largest=TOLERANCE)
    assert tuned.done.serving == (
        "signature serving_default: scores:0 of text:0, as they were named or compared",
        "changed to serve, so train on from a checkpoint: 1 norms of the graph train: they were "
        "run with moving statistics; 1 dropouts of the graph were left out",
        "keep_prob:0 is 1.0 unless it is fed",
        "238 ops of the graph left out, which neither serving nor restoring needs",
        "TensorFlow loads it: 18 variables hold what was written",
        "signature serving_default runs on inputs that are made up",
    )
    assert "signature serving_default: scores:0 of text:0" in str(tuned.done)


def test_a_session_restores_all_of_it_and_serving_changes_nothing(tuned):
    """Updates of the batch's statistics come before the outputs of the graph that trains."""
    held = open_checkpoint(tuned.output)
    with tf.Graph().as_default(), v1.Session() as session:
        v1.saved_model.load(session, ["serve"], tuned.output)
        feeds = {"text:0": tuned.words}
        for _ in range(2):
            found = session.run("scores:0", feeds)
            assert_arrays_close(found, tuned.scores, of_largest=TOLERANCE)
        assert_arrays_close(
            session.run("scores:0", {"ids:0": tuned.ids}), tuned.scores, of_largest=TOLERANCE
        )
        values = session.run({v.op.name: v for v in v1.global_variables()})
    parts = [values.pop(f"words/table/part_{n}") for n in range(2)]
    slots = [values.pop(f"words/table/part_{n}/Momentum") for n in range(2)]
    values |= {"words/table": np.concatenate(parts), "words/table/Momentum": np.concatenate(slots)}
    assert set(values) == set(held)
    for name, value in values.items():
        assert_arrays_equal(value, held[name].read())


@pytest.mark.parametrize("name", ["vocabulary", "training_graph"])
def test_what_is_served_runs_nothing_that_changes_variables(name):
    """In graphs that train, updates of statistics come before the outputs."""
    checkpoint = open_checkpoint(GOLDENS / name)
    trains = v1.MetaGraphDef.FromString(pathlib.Path(checkpoint.graph_path).read_bytes())
    serves = served(checkpoint, GraphOptions(outputs=["scores"]))
    assert any(map(changes_variables, ops_before("scores", trains.graph_def)))
    found = ops_before("scores", serves.graph_def)
    assert not any(map(changes_variables, found))
    assert "MatMul" in found


def ops_before(name, graph):
    """Returns the types of all ops that running one runs."""
    nodes, waiting, seen = {node.name: node for node in graph.node}, [name], set()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += map(op_name, nodes[one].input)
    return {nodes[one].op for one in seen}


def test_untouched_every_tensor_is_what_it_was(tuned, tmp_path):
    convert(tuned.plan, again := index_model(words_classified()))
    done = convert_back(
        tuned.plan, again, output=tmp_path / "same", container="saved_model", options=BY_IDS
    )
    assert done.changed == ()
    before, after = open_checkpoint(GOLDEN), open_checkpoint(tmp_path / "same")
    assert list(before) == list(after)
    for name, entry in before.items():
        assert entry.slices == after[name].slices
        assert_arrays_equal(after[name].read(), entry.read())
    assert (tmp_path / "same/assets/words.txt").read_bytes() == (GOLDEN / "words.txt").read_bytes()


@pytest.fixture
def copied(tmp_path):
    """Returns a function that copies the golden, with its graph changed, and opens it."""

    def copy(change=lambda meta: None):
        folder = tmp_path / "golden"
        shutil.copytree(GOLDEN, folder)
        path = folder / "model.ckpt.meta"
        meta = v1.MetaGraphDef.FromString(path.read_bytes())
        change(meta)
        path.write_bytes(meta.SerializeToString())
        return open_checkpoint(folder)

    return copy


def served(checkpoint, options=BY_WORDS, **others):
    """Returns the graph of a checkpoint's SavedModel."""
    files = serve_meta(checkpoint, options, **others).graph.files
    prefix = files["saved_model.pb"].index(b"\x12")  # behind the version
    at = prefix + 1
    while files["saved_model.pb"][at] & 0x80:
        at += 1
    return v1.MetaGraphDef.FromString(files["saved_model.pb"][at + 1 :])


def test_it_is_on_no_device_fills_its_tables_and_names_its_files():
    meta = served(open_checkpoint(GOLDEN))
    assert {node.device for node in meta.graph_def.node} == {""}
    assert list(meta.meta_info_def.tags) == ["serve"]
    (main,) = meta.collection_def["saved_model_main_op"].node_list.value
    nodes = {node.name: node for node in meta.graph_def.node}
    ops = [nodes[one.lstrip("^")].op for one in nodes[main].input]
    assert ops == ["InitializeTableFromTextFileV2"]
    (asset,) = meta.asset_file_def
    assert (asset.filename, nodes[asset.tensor_info.name[:-2]].op) == ("words.txt", "Const")
    signed = meta.signature_def["serving_default"]
    assert (signed.inputs["words"].name, signed.inputs["words"].dtype) == ("text:0", 7)
    assert [dim.size for dim in signed.outputs["scores"].tensor_shape.dim] == [-1, 2]


def test_it_loads_where_todays_gradients_have_other_shapes(copied):
    """As 1.15 saves a fused norm in a `cond` of `is_training`."""

    def change(meta):
        (node,) = (one for one in meta.graph_def.node if one.op == "FusedBatchNormGradV3")
        shapes = node.attr["_output_shapes"].list.shape
        node.attr["is_training"].b = False
        shapes[3].CopyFrom(shapes[1])
        shapes[4].CopyFrom(shapes[1])

    checkpoint = copied(change)
    for options in (BY_WORDS, GraphOptions()):
        with tf.Graph().as_default():
            tf.import_graph_def(served(checkpoint, options).graph_def, name="")


def test_names_in_collections_that_no_op_has_are_left_out():
    """What saves CuDNN's parameters isn't an op, and 1.15 itself can't import such a .meta."""
    options = GraphOptions(inputs=["x"], outputs=["cudnn_lstm/CudnnRNN"])
    checkpoint = open_checkpoint(GOLDENS / "cudnn_opaque")
    before = v1.MetaGraphDef.FromString(pathlib.Path(checkpoint.graph_path).read_bytes())
    assert before.collection_def["saveable_objects"].node_list.value
    after = served(checkpoint, options)
    assert not after.collection_def["saveable_objects"].node_list.value
    kept = "trainable_variables"
    assert after.collection_def[kept] == before.collection_def[kept]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (GraphOptions(outputs=["scorse"]), "expected a tensor named scorse:0, found none; nearest"),
        (GraphOptions(outputs=["net/hidden/kernel"]), "no input leads to its outputs"),
        (
            GraphOptions(inputs=["ids"], outputs=["sparse_softmax_cross_entropy_loss/value"]),
            "expected inputs that all outputs are computed of, found that they need labels:0 as",
        ),
        (
            GraphOptions(outputs=["Momentum/update_classes/bias/ApplyMomentum"]),
            "ops that may do more than compute: ApplyMomentum",
        ),
        (GraphOptions(feeds={"labels": 1}), "labels:0 is fed: expected a placeholder of one num"),
        (GraphOptions(feeds={"ids": 1}), "ids:0 is fed: expected a placeholder of one number"),
    ],
)
def test_what_cannot_be_served_so_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        serve_meta(open_checkpoint(GOLDEN), options)


def test_nothing_is_served_by_default_where_nothing_shows_it():
    """Ids come from a table, which isn't run where outputs are looked for."""
    found = serve_meta(open_checkpoint(GOLDEN), GraphOptions())
    assert "no signature: " in found.notes[0]
    assert "it shows no likely outputs; name others with inputs and outputs" in found.notes[0]


def test_by_default_outputs_are_the_likely_ones_and_losses_are_none():
    found = serve_meta(open_checkpoint(GOLDENS / "training_graph"), GraphOptions())
    assert found.notes[0].startswith("signature serving_default: scores:0 of images:0, likely ones")


def test_files_are_taken_by_their_names_from_a_folder_alone(copied, tmp_path):
    checkpoint = copied()
    (tmp_path / "golden/words.txt").rename(tmp_path / "words.txt")
    with pytest.raises(
        UsageError, match=r"expected a file words.txt, found none; the graph has it"
    ):
        serve_meta(checkpoint, BY_WORDS)
    found = serve_meta(checkpoint, BY_WORDS, assets=str(tmp_path))
    assert found.graph.files["assets/words.txt"] == str(tmp_path / "words.txt")


@pytest.mark.parametrize("path", ["/etc/passwd", "../words", "..", ""])
def test_files_elsewhere_are_never_read(copied, path):
    def change(meta):
        (name,) = meta.collection_def["asset_filepaths"].node_list.value
        (node,) = (one for one in meta.graph_def.node if f"{one.name}:0" == name)
        node.attr["value"].tensor.string_val[0] = path.encode()

    with pytest.raises(UsageError, match=r"expected the files that the graph reads \(--assets"):
        serve_meta(copied(change), BY_WORDS)


def without_saver(meta):
    meta.ClearField("saver_def")


def of_old(meta):
    meta.meta_info_def.stripped_op_list.op.add(name="RestoreSlice")
    for node in meta.graph_def.node:
        node.op = "RestoreSlice" if node.op == "RestoreV2" else node.op


def of_another(meta):
    for node in meta.graph_def.node:
        if node.name.startswith("save/RestoreV2") and node.name.endswith("tensor_names"):
            values = node.attr["value"].tensor.string_val
            values[:] = [b"other" if one == b"classes/bias" else one for one in values]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_saver, "expected a graph with a saver, .* found none; write a checkpoint"),
        (of_old, r"found save/RestoreV2\w*, of TensorFlow 0.x, which reads V1 files alone"),
        (of_another, "other: expected a value, found none in the checkpoint"),
        (of_another, "classes/bias: expected to be restored, found not"),
    ],
)
def test_what_loading_would_not_restore_is_refused(copied, change, message):
    with pytest.raises(UsageError, match=message):
        serve_meta(copied(change), BY_WORDS)


def test_nothing_is_written_where_the_graph_cannot_serve(tuned, tmp_path):
    with pytest.raises(UsageError, match="expected a tensor named no:0"):
        convert_back(
            tuned.plan,
            tuned.model,
            output=tmp_path / "export",
            container="saved_model",
            options=GraphOptions(outputs=["no"]),
        )
    assert os.listdir(tmp_path) == []
