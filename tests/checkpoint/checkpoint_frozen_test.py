"""Frozen graphs as TensorFlow 1.15.5 writes them: what was in their variables, and the graph."""

import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from tf1compat.apps import run
from tf1compat.checkpoint import find_prefix, open_checkpoint, read_meta
from tf1compat.errors import BudgetError, CorruptCheckpointError, UnsupportedCheckpointError
from tf1compat.testing import assert_arrays_equal

v1 = tf.compat.v1
FOLDER = pathlib.Path(__file__).parents[1] / "goldens" / "frozen"
WHOLE = ["reference.pb", "reference.pbtxt", "resource.pb", "embedded.meta", "saved_model"]


@pytest.fixture(scope="module")
def values():
    with np.load(FOLDER / "values.npz") as held:
        return {name: held[name] for name in held}


@pytest.mark.parametrize("name", [*WHOLE, "optimized.pb"])
def test_the_values_are_those_of_the_variables(name, values):
    checkpoint = open_checkpoint(FOLDER / name)
    assert checkpoint.format == "frozen graph"
    assert list(checkpoint) == sorted(values)
    assert checkpoint.check() == ()
    for key, value in values.items():
        assert checkpoint[key].nbytes == value.nbytes
        assert_arrays_equal(checkpoint[key].read(), value)
    assert_arrays_equal(checkpoint["net/table"].read((slice(1, 3),)), values["net/table"][1:3])
    assert checkpoint["net/fc/kernel"].name.role == "kernel"


@pytest.mark.parametrize("name", WHOLE)
def test_the_graph_says_what_reads_the_variables(name):
    meta = read_meta(open_checkpoint(FOLDER / name).graph_path)
    held = meta.by_name()
    assert held["net/table"].consumer_op_types == ("GatherV2",)
    assert held["net/fc/kernel"].shape == (12, 6)
    assert "net/fc/kernel" in meta.flow["net/fc/bias"]
    assert "net/out/kernel" in meta.flow["net/out/bias"]


def test_a_saved_model_goes_by_its_directory_too():
    path = FOLDER / "saved_model"
    assert find_prefix(path) == find_prefix(path / "saved_model.pb") == str(path / "saved_model.pb")


def test_no_value_is_read_before_it_is_asked_for(tmp_path, monkeypatch):
    import os

    with tf.Graph().as_default() as graph:
        tf.identity(tf.constant(np.arange(1 << 20, dtype="f4"), name="w"), "w/read")
    (tmp_path / "m.pb").write_bytes(graph.as_graph_def().SerializeToString())
    read, preadv = [], os.preadv

    def noted(handle, buffers, offset):
        read.append(sum(map(len, buffers)))
        return preadv(handle, buffers, offset)

    monkeypatch.setattr(os, "preadv", noted)
    entry = open_checkpoint(tmp_path / "m.pb")["w"]
    assert sum(read) < 2_000_000  # both ends, time and again, to tell what it is
    assert_arrays_equal(entry.read(), np.arange(1 << 20, dtype="f4"))


def frozen(*constants, as_text=False):
    """Returns a graph that reads constants as 1.15 reads variables."""
    with tf.Graph().as_default() as graph:
        for number, one in enumerate(constants):
            tf.identity(tf.constant(one, name=f"w{number}"), f"w{number}/read")
    return str(graph.as_graph_def()) if as_text else graph.as_graph_def().SerializeToString()


VALUES = [
    np.full((3, 4), 1.5, "f4"),
    np.array([1, -2, -3], "i4"),
    np.array([[7]], "i8"),
    np.array([True, False, True]),
    np.array([1.5, 2.5], "f2"),
    np.array([b"ab", b"", b"\xff"], object),
    np.array([1 + 2j], "c8"),
    np.zeros((0, 3), "f8"),
    np.array(250, "u1"),
]


@pytest.mark.parametrize("as_text", [False, True])
def test_each_dtype_in_a_piece_and_in_a_list(tmp_path, as_text):
    name = "m.pbtxt" if as_text else "m.pb"
    data = frozen(*VALUES, as_text=as_text)
    (tmp_path / name).write_bytes(data.encode() if as_text else data)
    checkpoint = open_checkpoint(tmp_path / name)
    for number, value in enumerate(VALUES):
        assert_arrays_equal(checkpoint[f"w{number}"].read(), value)


def test_a_value_that_repeats_what_it_has_keeps_to_a_budget(tmp_path):
    graph_def = v1.GraphDef.FromString(frozen(np.float32(1)))
    shape = graph_def.node[0].attr["value"].tensor.tensor_shape
    shape.dim.add().size = 1 << 30
    (tmp_path / "m.pb").write_bytes(graph_def.SerializeToString())
    entry = open_checkpoint(tmp_path / "m.pb")["w0"]
    with pytest.raises(BudgetError, match="bytes of repeated values"):
        entry.read()


def changed(change):
    graph_def = v1.GraphDef.FromString(frozen(np.arange(4, dtype="f4")))
    change(graph_def.node[0])
    return graph_def.SerializeToString()


def other_shape(node):
    node.attr["value"].tensor.tensor_shape.dim[0].size = 5


def no_value(node):
    del node.attr["value"]


def renamed(node):
    node.name = "v0"


BAD = {
    "a shape": (other_shape, "'w0': expected 20 bytes of float32 of shape .*found 16"),
    "no value": (no_value, "not a sound graph: a constant without a value"),
    "a name": (renamed, "'w0/read' reads 'w0', which isn't there"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_contradicts_itself_is_damage(tmp_path, kind):
    change, message = BAD[kind]
    (tmp_path / "m.pb").write_bytes(changed(change))
    with pytest.raises(CorruptCheckpointError, match=message) as caught:
        open_checkpoint(tmp_path / "m.pb")
    assert str(caught.value).startswith(str(tmp_path / "m.pb"))


def test_more_elements_than_the_shape_has_are_damage(tmp_path):
    graph_def = v1.GraphDef.FromString(frozen(np.full(3, 2, "f4")))
    graph_def.node[0].attr["value"].tensor.tensor_content = b""
    graph_def.node[0].attr["value"].tensor.float_val[:] = [1.0] * 4
    (tmp_path / "m.pb").write_bytes(graph_def.SerializeToString())
    with pytest.raises(CorruptCheckpointError, match="'w0': 4 elements, expected 3 at most"):
        open_checkpoint(tmp_path / "m.pb")["w0"].read()


def test_a_file_cut_short_is_damage(tmp_path):
    data = (FOLDER / "reference.pb").read_bytes()
    (tmp_path / "m.pb").write_bytes(data[:-100])
    with pytest.raises(CorruptCheckpointError, match=r"not a sound graph: .*(left|cut off)"):
        open_checkpoint(tmp_path / "m.pb")


def with_variables():
    with tf.Graph().as_default() as graph:
        tf.matmul(v1.placeholder(tf.float32, [2, 2]), v1.get_variable("w", [2, 2]))
    return graph


OTHERS = {
    "variables.pb": (
        lambda: with_variables().as_graph_def().SerializeToString(),
        r"a frozen graph, found a graph without values \(a GraphDef\); name the checkpoint",
    ),
    "variables.pbtxt": (
        lambda: str(with_variables().as_graph_def()).encode(),
        "a graph without constants that were variables; name the checkpoint that belongs to it",
    ),
    "labels.pbtxt": (lambda: b'item { name: "a" }', "found a text file that begins 'item"),
    "npz.pb": (lambda: b"PK\3\4" + bytes(99), "a frozen graph, found a zip file"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_frozen_graph_is_named(tmp_path, name):
    make, message = OTHERS[name]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(UnsupportedCheckpointError, match=message):
        open_checkpoint(tmp_path / name)


def test_a_graph_beside_its_checkpoint_stays_that_ones(tmp_path):
    for name in ("index", "meta", "data-00000-of-00001"):
        shutil.copy(FOLDER.parent / "two_tower" / f"model.ckpt.{name}", tmp_path)
    assert open_checkpoint(tmp_path / "model.ckpt.meta").format == "V2"
    shutil.copy(FOLDER / "embedded.meta", tmp_path / "model.ckpt.meta")
    assert open_checkpoint(tmp_path / "model.ckpt.meta").format == "V2"
    assert read_meta(tmp_path / "model.ckpt.meta").variables == ()


def test_inspect_shows_it(capsys):
    with pytest.raises(SystemExit) as exit_:
        run(["inspect", f"--checkpoint={FOLDER / 'resource.pb'}"])
    assert exit_.value.code == 0
    assert "12 of 12 variables, 157 elements, 628 B (frozen graph ch" in capsys.readouterr().out


def test_a_table_that_tensorflow_2_froze_goes_by_the_number_of_its_handle(tmp_path):
    table, kernel = np.arange(10, dtype="f4").reshape(5, 2), np.ones((2, 3), "f4")
    order = np.array([2, 0, 1], "i4")  # which the graph looks up too, and which was no variable
    with tf.Graph().as_default() as graph:
        ids = v1.placeholder(tf.int32, [None], "ids")
        # So convert_variables_to_constants_v2 of 2.15 leaves a ResourceGather and a ReadVariableOp.
        table_read = tf.constant(table, name="net/words/lookup/4257")
        x = tf.raw_ops.GatherV2(params=table_read, indices=ids, axis=0, name="net/words/lookup")
        read = tf.identity(tf.constant(kernel, name="net/fc/resource"), "net/fc/ReadVariableOp")
        tf.gather(tf.constant(order, name="net/turn/params"), ids, name="net/turn")
        tf.matmul(x, read, name="net/fc/MatMul")
    (tmp_path / "m.pb").write_bytes(graph.as_graph_def().SerializeToString())
    found = open_checkpoint(tmp_path / "m.pb")
    assert set(found) == {"net/words/lookup/4257", "net/fc/resource"}
    assert_arrays_equal(found["net/words/lookup/4257"].read(), table)


KERNEL = np.arange(6, dtype="f4").reshape(3, 2)


def with_functions(kernel, *, top):
    """Returns a graph that calls a function with weights in it; `top` makes what it is called on.

    As calls leave them that weren't inlined when the graph was frozen.
    """

    @tf.function
    def dense(x):
        return tf.nn.bias_add(
            x @ tf.constant(kernel, name="dense/kernel"), tf.constant([1.0, 2.0], name="dense/bias")
        )

    @tf.function
    def twice(x):
        return dense(x) * 2

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, 3], "x")
        tf.identity(twice(top(x)), "y")
    graph_def = graph.as_graph_def()
    (name,) = (
        {n.signature.name for n in graph_def.library.function}
        - {node.op for node in graph_def.node}
        - {node.attr["f"].func.name for node in graph_def.node}
    )
    return graph_def, name


def test_values_within_functions_are_read_beside_those_of_the_graph(tmp_path):
    kernel, scale = KERNEL, np.array([1.0, 2.0, 3.0], "f4")
    graph, name = with_functions(
        kernel, top=lambda x: x * tf.identity(tf.constant(scale, name="scale"), "scale/read")
    )
    for path in (tmp_path / "m.pb", tmp_path / "m.pbtxt"):
        as_text = path.suffix == ".pbtxt"
        path.write_bytes(str(graph).encode() if as_text else graph.SerializeToString())
        found = open_checkpoint(path)
        assert set(found) == {f"{name}/dense/kernel", f"{name}/dense/bias", "scale"}
        assert_arrays_equal(found[f"{name}/dense/kernel"].read(), kernel)
        assert_arrays_equal(found["scale"].read(), scale)
        assert [key for key in found if not found[key].is_fixed] == ["scale"]
        assert found.check() == ()


def test_values_within_functions_are_enough(tmp_path):
    kernel = KERNEL
    graph, name = with_functions(kernel, top=lambda x: x)
    (tmp_path / "m.pb").write_bytes(graph.SerializeToString())
    assert_arrays_equal(open_checkpoint(tmp_path / "m.pb")[f"{name}/dense/kernel"].read(), kernel)


def test_one_within_a_function_that_is_called_as_one_of_the_graph_gets_a_number(tmp_path):
    kernel, other = KERNEL, np.array([1.0, 2.0, 3.0], "f4")
    graph, name = with_functions(kernel, top=lambda x: x)
    graph = text_format.Parse(str(graph).replace(name, "body"), v1.GraphDef())
    called = "body/dense/kernel"
    node = graph.node.add(name=called, op="Const")
    node.attr["dtype"].type = tf.float32.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(other))
    graph.node.add(name=f"{called}/read", op="Identity", input=[called]).attr["T"].type = 1
    (tmp_path / "m.pb").write_bytes(graph.SerializeToString())
    found = open_checkpoint(tmp_path / "m.pb")
    assert_arrays_equal(found[called].read(), other)
    assert_arrays_equal(found[f"{called}_1"].read(), kernel)
