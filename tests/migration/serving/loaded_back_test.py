"""What a SavedModel that was written is held to before it takes its place: TensorFlow loads it."""

import pathlib
import shutil

import pytest
import tensorflow as tf
from back_goldens import PAIRS

from tf1compat.checkpoint.meta.meta_graph import meta_graph_bytes, saved_model_bytes
from tf1compat.errors import OutputError
from tf1compat.migration import convert, convert_back, plan_migration
from tf1compat.migration.serving.loaded_back import ReadBack

v1 = tf.compat.v1
GOLDENS = pathlib.Path(__file__).parents[2] / "goldens"
GOLDEN = GOLDENS / "saved_model"
NET = PAIRS["saved_model"]


@pytest.fixture
def changed(tmp_path):
    """Returns a function that copies the golden's SavedModel with its graph changed."""

    def copy(change):
        shutil.copytree(GOLDEN, tmp_path / "export")
        path = tmp_path / "export" / "saved_model.pb"
        meta = v1.MetaGraphDef.FromString(meta_graph_bytes(path))
        change(meta)
        path.write_bytes(saved_model_bytes(meta.SerializeToString()))
        return tmp_path / "export"

    return copy


def told(path):
    read = ReadBack()
    read(str(path), "export")
    return read.notes


def exchanged(meta):
    """Has the saver restore two variables of one shape from each other's values."""
    names = {b"net/norm/beta": b"net/norm/gamma", b"net/norm/gamma": b"net/norm/beta"}
    for node in meta.graph_def.node:
        if node.name == "save/RestoreV2/tensor_names":
            held = node.attr["value"].tensor.string_val
            held[:] = [names.get(one, one) for one in held]


def writing(meta):
    """Has what fills tables write a file, too."""
    graph = meta.graph_def
    for name, text in (("to", "/nowhere/else"), ("this", "x")):
        node = graph.node.add(name=name, op="Const")
        node.attr["dtype"].type = tf.string.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(text))
    meta.meta_info_def.stripped_op_list.op.add(name="WriteFile")
    graph.node.add(name="writes", op="WriteFile", input=["to", "this"])
    (main,) = meta.collection_def["saved_model_main_op"].node_list.value
    (node,) = (one for one in graph.node if one.name == main)
    node.input.append("^writes")


def packing(meta):
    """Has restoring run an op that only a GPU has, as contrib's cells of CuDNN do."""
    graph = meta.graph_def
    for name in ("layers", "units", "inputs"):
        node = graph.node.add(name=name, op="Const")
        node.attr["dtype"].type = tf.int32.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(2))
    meta.meta_info_def.stripped_op_list.op.add(name="CudnnRNNParamsSize")
    size = graph.node.add(name="size", op="CudnnRNNParamsSize", input=["layers", "units", "inputs"])
    size.attr["T"].type = tf.float32.as_datatype_enum
    size.attr["S"].type = tf.int32.as_datatype_enum
    (node,) = (one for one in graph.node if one.name == meta.saver_def.restore_op_name)
    node.input.append("^size")


def strange(meta):
    meta.meta_info_def.stripped_op_list.op.add(name="OfAnotherLibrary")
    meta.graph_def.node.add(name="strange", op="OfAnotherLibrary")


def test_one_of_tensorflow_1_is_loaded_compared_and_run():
    """Its table has to be filled: the signature `words` looks texts up."""
    assert told(GOLDEN) == (
        "TensorFlow loads it: 7 variables hold what was written",
        *(
            f"signature {key} runs on inputs that are made up"
            for key in ("logits", "serving_default", "words")
        ),
    )


def test_one_of_keras_2_is_too():
    assert told(GOLDENS / "keras215" / "saved") == (
        "TensorFlow loads it: 21 variables hold what was written",
        "signature serving_default runs on inputs that are made up",
    )


def test_other_values_than_were_written_are_an_error(changed):
    with pytest.raises(OutputError, match="export: TensorFlow restores other values") as caught:
        told(changed(exchanged))
    assert {one.name for one in caught.value.problems} == {"net/norm/beta", "net/norm/gamma"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (writing, "that would run ops that may do more than restore: WriteFile"),
        (packing, "nothing here runs CudnnRNNParamsSize"),
        (strange, "it can't import the graph: Op type not registered 'OfAnotherLibrary'"),
    ],
)
def test_what_cannot_be_loaded_here_is_said(changed, change, expected):
    (found,) = told(changed(change))
    assert found.startswith(f"not loaded by TensorFlow: {expected}")


def test_nothing_is_placed_that_tensorflow_restores_otherwise(changed, tmp_path):
    source, net = changed(exchanged), NET.build()
    plan = plan_migration(source, net, NET.rules)
    convert(plan, net)
    with pytest.raises(OutputError, match="new: TensorFlow restores other values than were"):
        convert_back(plan, net, output=tmp_path / "new", container="saved_model")
    assert not (tmp_path / "new").exists()
    shutil.rmtree(source)
    shutil.copytree(GOLDEN, source)
    plan = plan_migration(source, net, NET.rules)
    done = convert_back(plan, net, output=tmp_path / "new", container="saved_model")
    assert "TensorFlow loads it: 7 variables hold what was written" in str(done)
