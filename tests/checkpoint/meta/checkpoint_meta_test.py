"""`.meta` files, against what the installed TensorFlow says of the same file."""

import dataclasses
import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

from tf1compat.checkpoint import SliceInfo, read_meta
from tf1compat.errors import CheckpointNotFoundError, CorruptCheckpointError

META = pathlib.Path(__file__).parents[1] / "testdata" / "trained" / "model.ckpt-3.meta"


@pytest.fixture(scope="module")
def meta():
    return read_meta(META)


@pytest.fixture(scope="module")
def imported():
    """The graph that TensorFlow itself imports from the file, and its variables by name."""
    graph = tf.Graph()
    with graph.as_default():
        tf.compat.v1.train.import_meta_graph(str(META))
        variables = {v.op.name: v for v in tf.compat.v1.global_variables()}
        trainable = {v.op.name for v in tf.compat.v1.trainable_variables()}
    return graph, variables, trainable


def test_variables_are_those_tensorflow_imports_in_order(meta, imported):
    _, variables, trainable = imported
    assert [one.name for one in meta.variables] == list(variables)
    for one in meta.variables:
        variable = variables[one.name]
        assert one.shape == tuple(variable.shape), one.name
        assert one.dtype_name == variable.dtype.base_dtype.name
        assert one.op_type == variable.op.type
        assert one.trainable == (one.name in trainable)


def test_collections_are_those_tensorflow_imports(meta, imported):
    graph, _, _ = imported
    assert set(meta.collections) == set(graph.get_all_collection_keys())
    for key in ("variables", "trainable_variables", "train_op", "favourites"):
        names = [getattr(member, "op", member).name for member in graph.get_collection(key)]
        assert [member.partition(":")[0] for member in meta.collections[key]] == names
    assert "variables" in meta.by_name()["frozen"].collections
    assert "trainable_variables" not in meta.by_name()["frozen"].collections


def test_ops_that_make_and_use_a_variable(meta, imported):
    graph, _, _ = imported
    by_name = meta.by_name()
    assert by_name["net/hidden/kernel"].consumer_op_types[0] == "MatMul"
    assert "BiasAdd" in by_name["net/hidden/bias"].consumer_op_types
    assert "ApplyAdam" in by_name["net/hidden/kernel/Adam"].consumer_op_types
    assert "RandomUniform" in by_name["net/hidden/kernel"].initializer_op_types
    assert by_name["net/hidden/bias"].initializer_op_types == ("Const",)
    for name in ("net/hidden/bias", "net/output/kernel"):
        read = graph.get_operation_by_name(f"{name}/read").outputs[0]
        direct = {op.type for op in read.consumers()}
        assert direct <= set(by_name[name].consumer_op_types)


def test_parts_say_which_slice_they_are(meta):
    assert meta.by_name()["table/part_1"].slice_info == SliceInfo("table", (6, 2), (3, 0), (3, 2))
    assert meta.by_name()["global_step"].slice_info is None


def test_saver_and_version(meta):
    assert meta.saver["restore_op"] == "save/restore_all"
    assert meta.saver["version"] == 2
    assert meta.tensorflow_version == "1.15.5"
    assert read_meta(str(META)[: -len(".meta")]) == meta, "a prefix does as well"


def test_resource_variables_unknown_shapes_and_other_tensorflows(tmp_path):
    with tf.Graph().as_default():
        tf.compat.v1.get_variable("res", [2, 3], use_resource=True)
        tf.compat.v1.get_variable("ref", [4], use_resource=False, trainable=False)
        unknown = tf.compat.v1.placeholder_with_default([1.0], None)
        tf.compat.v1.Variable(unknown, name="any", validate_shape=False, use_resource=False)
        tf.compat.v1.train.Saver()
        tf.compat.v1.train.export_meta_graph(str(tmp_path / "m.meta"))
    found = read_meta(tmp_path / "m.meta").by_name()
    assert (found["res"].op_type, found["res"].shape) == ("VarHandleOp", (2, 3))
    assert (found["ref"].op_type, found["ref"].trainable) == ("VariableV2", False)
    assert found["any"].shape is None


def test_it_needs_no_tensorflow():
    code = (
        "import sys; from tf1compat.checkpoint import read_meta, open_checkpoint, write_checkpoint;"
        f"read_meta({str(META)!r}); open_checkpoint({str(META)!r})['frozen'].read();"
        "assert not {'tensorflow', 'keras'} & set(sys.modules), 'imported'"
    )
    root = pathlib.Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_empty_file_and_a_missing_one(tmp_path):
    (tmp_path / "m.meta").touch()
    with pytest.raises(CorruptCheckpointError, match=r"m\.meta at byte 0: the file is empty"):
        read_meta(tmp_path / "m.meta")
    with pytest.raises(
        CheckpointNotFoundError, match=r"n\.meta.*(no such file|isn't there|not found|No such file)"
    ):
        read_meta(tmp_path / "n.meta")


def proto(change):
    """The file's bytes after `change` was made to the proto that TensorFlow reads from it."""
    message = tf.compat.v1.MetaGraphDef.FromString(META.read_bytes())
    change(message)
    return message.SerializeToString(deterministic=True)


def _auto_reload(message):
    for node in message.graph_def.node:
        node.op = node.op.replace("VariableV2", "AutoReloadVariable")
    for op in message.meta_info_def.stripped_op_list.op:
        op.name = op.name.replace("VariableV2", "AutoReloadVariable")


def test_a_variable_op_that_is_rare_is_one_like_the_others(tmp_path, meta):
    (tmp_path / "m.meta").write_bytes(proto(_auto_reload))
    found = read_meta(tmp_path / "m.meta")
    assert "AutoReloadVariable" in {one.op_type for one in found.variables}
    same = [dataclasses.asdict(one) for one in meta.variables]
    renamed = repr(same).replace("'VariableV2'", "'AutoReloadVariable'")
    assert repr([dataclasses.asdict(one) for one in found.variables]) == renamed
    assert found.flow == meta.flow


def _rename_op(message):
    message.graph_def.node[0].op = "PlaceholderX"


def _dangle(message):
    message.graph_def.node[5].input.append("nowhere")


def _double(message):
    message.graph_def.node.add().CopyFrom(message.graph_def.node[0])


def _mistype(message):
    node = next(node for node in message.graph_def.node if node.name == "net/hidden/kernel")
    node.attr["shape"].shape.dim[0].size = 5


def _unshape(message):
    node = next(node for node in message.graph_def.node if node.name == "net/hidden/kernel")
    node.attr["shape"].i = 5  # another kind of value takes the place of the shape


def _uncover(message):
    for node in message.graph_def.node:
        if node.name == "table/part_1":
            node.attr["shape"].shape.dim[0].size = 2


def _misname(message):
    message.collection_def["trainable_variablez"].CopyFrom(
        message.collection_def["trainable_variables"]
    )
    del message.collection_def["trainable_variables"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_rename_op, "'PlaceholderX', which isn't listed"),
        (_dangle, "reads 'nowhere', which isn't there"),
        (_double, "is there twice"),
        (_mistype, r"float32 of shape \(5, 3\) here, but float32 of shape \(4, 3\)"),
        (_unshape, "'net/hidden/kernel' has no dtype or no shape"),
        (_uncover, "'table/part_1' has not the shape of its slice"),
        (_misname, "'trainable_variablez' where 'trainable_variables' is missing"),
        (lambda message: message.ClearField("graph_def"), "holds no graph"),
    ],
)
def test_a_graph_that_contradicts_itself_is_refused(tmp_path, change, message):
    for path in META.parent.glob("model.ckpt-3.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / META.name).write_bytes(proto(change))
    with pytest.raises(CorruptCheckpointError, match=message) as caught:
        read_meta(tmp_path / META.name)
    assert caught.value.file == str(tmp_path / META.name)


def test_an_attribute_of_two_values_is_refused(tmp_path):
    """A length of which one bit is flipped ends a shape early; what is left of it was the value."""
    data = META.read_bytes()
    whole, cut = (b"\n\5shape\x12" + length + b":\4\x12\2\x08\2" for length in (b"\6", b"\2"))
    assert whole in data
    (tmp_path / "m.meta").write_bytes(data.replace(whole, cut, 1))
    with pytest.raises(CorruptCheckpointError, match="value of a map that is there twice"):
        read_meta(tmp_path / "m.meta")


def test_what_the_saver_would_run_is_only_ever_a_name(tmp_path):
    def change(message):
        message.saver_def.restore_op_name = message.graph_def.node[0].name

    (tmp_path / "m.meta").write_bytes(proto(change))
    assert read_meta(tmp_path / "m.meta").saver["restore_op"] == "inputs"


@pytest.mark.parametrize("op", ["BiasAdd", "MatMul", "Identity", "Transpose", "ConcatV2"])
def test_an_op_that_reads_less_than_its_type_does(tmp_path, op):
    """Who follows the graph asks for the second of what is added without a look."""
    graph = tf.compat.v1.MetaGraphDef.FromString(META.read_bytes())
    node = next((one for one in graph.graph_def.node if one.op == op), None)
    if node is None:
        node = graph.graph_def.node.add(name="short", op=op, input=["net/hidden/kernel"])
        graph.meta_info_def.stripped_op_list.op.add(name=op)
    del node.input[0]
    path = tmp_path / "m.meta"
    path.write_bytes(graph.SerializeToString())
    message = rf"node {node.name!r} reads \d values?, {op} takes \d"
    with pytest.raises(CorruptCheckpointError, match=message):
        read_meta(path)
