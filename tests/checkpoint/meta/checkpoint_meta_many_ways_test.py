"""Graphs of a few nodes that read each other several times: as many ways as there are numbers."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint.meta.reader import read_meta
from tf1compat.checkpoint.meta.settings import read_settings
from tf1compat.errors import BudgetError, CorruptCheckpointError
from tf1compat.migration.verification.reference.feeds import index_bounds

v1 = tf.compat.v1
KERNEL = [
    ("w", "VariableV2", []),
    ("w/read", "Identity", ["w"]),
    ("x", "Placeholder", []),
    ("product", "MatMul", ["x", "w/read"]),
]


def node(graph, name, op, inputs, value=None):
    made = graph.node.add(name=name, op=op, input=inputs)
    if op == "VariableV2":
        made.attr["shape"].shape.CopyFrom(tf.TensorShape([4, 12]).as_proto())
        made.attr["dtype"].type = tf.float32.as_datatype_enum
    if value is not None:
        made.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        made.attr["dtype"].type = made.attr["value"].tensor.dtype


@pytest.fixture
def written(tmp_path):
    def write(nodes, library=()):
        meta = v1.MetaGraphDef()
        for one in nodes:
            node(meta.graph_def, *one)
        meta.graph_def.library.function.extend(library)
        used = {one.op for one in meta.graph_def.node}
        used |= {one.op for function in library for one in function.node_def}
        for op in sorted(used):
            meta.meta_info_def.stripped_op_list.op.add(name=op)
        path = tmp_path / "m.meta"
        path.write_bytes(meta.SerializeToString())
        return str(path)

    return write


def chained(first, op, times, count):
    """Returns nodes of which each reads the one before so many times."""
    return [(f"{op}{n}", op, [first if n == 0 else f"{op}{n - 1}"] * times) for n in range(count)]


def test_shapes_of_shapes_are_read_once(written):
    shapes = [("axis", "Const", [], 0), ("c0", "Const", [], np.array([-1, 3], np.int32))]
    shapes += [(f"c{n}", "ConcatV2", [f"c{n - 1}"] * 2 + ["axis"]) for n in range(1, 60)]
    path = written([*KERNEL, *shapes, ("r", "Reshape", ["product", "c59"])])
    assert [variable.name for variable in read_meta(path).variables] == ["w"]


def test_gates_are_looked_for_on_each_way_once(written):
    ways = chained("product", "Merge", 20, 15)
    path = written([*KERNEL, *ways, ("t", "Tanh", ["Merge14"])])
    assert [variable.name for variable in read_meta(path).variables] == ["w"]


@pytest.mark.parametrize(("op", "times", "count"), [("Add", 2, 60), ("Neg", 1, 5000)])
def test_constants_of_constants_are_computed_once(written, op, times, count):
    """And only as many as an activation is made of: 2 ** 59 is no number of one."""
    ways = [("c", "Const", [], np.float32(1)), *chained("c", op, times, count)]
    ends = [("a", "Mul", ["product", ways[-1][0]]), ("b", "Mul", ["product", "a"])]
    found = read_settings(written([*KERNEL, *ways, *ends])).afterwards(["w"])
    assert "gelu" not in str(found)


def test_numbers_of_branches_are_looked_at_once(written):
    norm = [
        *(("mean", "VariableV2", []), ("mean/read", "Identity", ["mean"])),
        *(("x", "Placeholder", []), ("c", "Const", [], np.float32(0.1))),
        *chained("c", "Merge", 60, 7),
        *(("d", "Sub", ["mean/read", "x"]), ("p", "Mul", ["d", "Merge6"])),
        *(("u", "AssignSub", ["mean", "p"]), ("y", "Sub", ["x", "mean/read"])),
    ]
    assert dict(read_settings(written(norm)).of_norm(["mean"]))["momentum"] == {0.9}


@pytest.mark.parametrize(("op", "end"), [("Mul", "Floor"), ("Mul", "Tanh")])
def test_products_of_products_are_looked_through_once(written, op, end):
    ways = chained("x", op, 2, 300)
    path = written([*KERNEL, *ways, ("e", end, ["Mul299"]), ("dm", "Mul", ["product", "e"])])
    found = read_settings(path)
    assert found.afterwards(["w"])
    assert found.of_norm(["w"]) is not None


def test_what_is_behind_a_hub_is_read_once_for_all_layers(written):
    """300 layers into one op that 3,000 read: 900,000 ways."""
    nodes = [("x", "Placeholder", []), ("axis", "Const", [], 0)]
    for n in range(300):
        nodes += [(f"w{n}", "VariableV2", []), (f"p{n}", "MatMul", ["x", f"w{n}"])]
    nodes.append(("hub", "ConcatV2", [*(f"p{n}" for n in range(300)), "axis"]))
    nodes += [(f"r{n}", "Relu", ["hub"]) for n in range(3000)]
    found = read_settings(written(nodes))
    for n in range(300):
        assert dict(found.afterwards([f"w{n}"]))["activation"] == {"relu"}


def test_ops_that_read_more_than_their_type_takes_are_refused(written):
    path = written([*KERNEL, ("m", "Mul", ["product"] * 30)])
    with pytest.raises(CorruptCheckpointError, match="'m' reads 30 values, Mul takes 2"):
        read_meta(path)


def test_names_that_calls_make_have_a_budget(written):
    functions = []
    for depth in range(10):
        function = tf.compat.v1.GraphDef().library.function.add()
        function.signature.name = f"f{depth}"
        if depth < 9:
            call = function.node_def.add(name="L" * 30_000, op="PartitionedCall")
            call.attr["f"].func.name = f"f{depth + 1}"
        else:
            for n in range(5000):
                function.node_def.add(name=f"a{n}", op="NoOp")
        functions.append(function)
    path = written([*KERNEL, ("call", "f0", [])], functions)
    # 30,000 bytes of name, once more on each level, for each of 5,000 nodes
    with pytest.raises(BudgetError, match="bytes of names of functions' nodes or more"):
        read_meta(path)


def test_tables_of_tables_are_followed_once():
    graph = v1.GraphDef()
    node(graph, "w", "VariableV2", [])
    node(graph, "axis", "Const", [], 0)
    for n in range(60):
        node(graph, f"c{n}", "ConcatV2", [f"c{n - 1}" if n else "w"] * 2 + ["axis"])
    node(graph, "ids", "Placeholder", [])
    node(graph, "found", "GatherV2", ["c59", "ids", "axis"])
    assert index_bounds(graph, ["ids:0"]) == {}  # no partitioned table is joined of joined ones
