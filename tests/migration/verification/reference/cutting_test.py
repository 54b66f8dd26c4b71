"""The part of a graph that runs: what outputs need of it, harmless, in inference mode."""

import functools
import signal

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference.candidates import forward_ops
from tf1compat.migration.verification.reference.cutting import cut_graph
from tf1compat.migration.verification.reference.feeds import index_bounds
from tf1compat.migration.verification.reference.graph_file import GraphFile, input_specs
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1


def names(graph_def):
    return {node.name for node in graph_def.node}


def run(graph_def, output, feeds):
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.import_graph_def(graph_def, name="")
        return session.run(output, feeds)


@pytest.fixture
def control_flow_of_v1():
    enabled = v1.control_flow_v2_enabled()
    v1.disable_control_flow_v2()
    yield
    if enabled:
        v1.enable_control_flow_v2()


def test_only_what_the_output_needs():
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None], "x")
        labels = v1.placeholder(tf.float32, [None], "labels")
        y = tf.multiply(x, 2.0, name="y")
        tf.reduce_mean(y - labels, name="loss")
    part = cut_graph(graph.as_graph_def(), outputs=["y:0"])
    assert names(part) == {"x", "y", "y/y"}
    assert_arrays_close(run(part, "y:0", {"x:0": [3.0]}), np.array([6.0], np.float32))


def test_what_is_fed_needs_nothing_before_it():
    with tf.Graph().as_default() as graph:
        files = tf.io.read_file("/nowhere", name="bytes")
        decoded = tf.io.decode_raw(files, tf.float32, name="decoded")
        tf.negative(decoded, name="y")
    part = cut_graph(graph.as_graph_def(), outputs=["y"], fed=["decoded:0"])
    assert names(part) == {"decoded", "y"}
    assert_arrays_close(run(part, "y:0", {"decoded:0": [1.5]}), np.array([-1.5], np.float32))


@pytest.fixture(scope="module")
def pipeline():
    with tf.Graph().as_default() as graph:
        table = v1.get_variable("table", [5, 2], use_resource=False)
        ids = np.array([1, 2], np.int32), np.array([0, 1], np.int64), np.ones(2, np.float32)
        data = v1.data.make_one_shot_iterator(tf.data.Dataset.from_tensors(ids))
        first, labels, scale = data.get_next("pair")
        y = tf.multiply(tf.gather(table, first), scale[:, None], name="y")
        tf.reduce_sum(y - tf.cast(labels, tf.float32)[:, None], name="loss")
    return graph.as_graph_def()


def test_each_output_of_an_input_pipeline_can_be_fed(pipeline):
    part = cut_graph(pipeline, outputs=["loss"], fed=["pair:0", "pair:1", "pair:2"])
    assert {n.op for n in part.node if n.name.startswith("pair")} == {"IdentityN", "Placeholder"}
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.import_graph_def(part, name="")
        feeds = {"pair:0": [2, 0], "pair:1": [1, 1], "pair:2": [2.0, 3.0]}
        found = session.run(["y:0", "loss:0"], {**feeds, "table/read:0": np.eye(5, 2)})
    assert_arrays_close(found[0], np.array([[0, 0], [3, 0]], np.float32))
    assert_arrays_close(found[1], np.array(-1, np.float32))


def test_inputs_are_what_an_input_pipeline_gives(pipeline):
    found = {one.name: (one.dtype, one.shape) for one in input_specs(pipeline)}
    assert found == {
        "pair:0": ("int32", (2,)),
        "pair:1": ("int64", (2,)),
        "pair:2": ("float32", (2,)),
    }
    assert index_bounds(pipeline, found) == {"pair:0": 5}


def test_what_has_no_value_of_a_pipeline_leads_to_no_candidate(pipeline):
    assert "y" in forward_ops(pipeline, ["pair:0", "pair:2"])
    assert "loss" not in forward_ops(pipeline, ["pair:0", "pair:2"])
    assert "loss" in forward_ops(pipeline, ["pair:0", "pair:1", "pair:2"])


def test_an_op_that_says_no_dtype_is_not_fed():
    with tf.Graph().as_default() as graph:
        v1.placeholder(tf.string, [], "file")
        tf.identity(tf.io.read_file("/nowhere", name="bytes"), name="y")
    with pytest.raises(
        UsageError, match=r"bytes \(ReadFile\): expected an op that says the dtypes"
    ):
        cut_graph(graph.as_graph_def(), outputs=["y"], fed=["bytes:0"])


def test_ops_that_may_do_harm_are_named_and_refused():
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [2], "x")
        called = v1.py_func(lambda a: a, [x], tf.float32, name="python")
        read = tf.strings.length(tf.io.read_file("/nowhere", name="file"))
        tf.add(called, tf.cast(read, tf.float32), name="y")
    graph_def = graph.as_graph_def()
    with pytest.raises(
        UsageError, match=r"may do more than compute: PyFunc \(python\), ReadFile \(file\), StringL"
    ):
        cut_graph(graph_def, outputs=["y"])
    allowed = cut_graph(graph_def, outputs=["y"], allowed=["PyFunc", "ReadFile", "StringLength"])
    assert "python" in names(allowed)


def test_ops_within_functions_are_looked_at():
    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def reading(path):
        return tf.io.read_file(path)

    with tf.Graph().as_default() as graph:
        path = v1.placeholder(tf.string, [], "path")
        tf.identity(reading(path), name="y")
    with pytest.raises(UsageError, match="ReadFile"):
        cut_graph(graph.as_graph_def(), outputs=["y"])


@pytest.mark.parametrize("way", [["again"], ["other", "again"]])
def test_a_function_that_calls_itself_is_refused(way):
    """Running it would end the process."""

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def halved(x):
        return tf.tanh(x)

    with tf.Graph().as_default() as graph:
        tf.identity(halved(v1.placeholder(tf.float32, [], "x")), name="y")
    graph_def = graph.as_graph_def()
    (first,) = graph_def.library.function
    calls = [*way[:-1], first.signature.name]
    for own in [first.signature.name, *way[:-1]]:
        made = first if own == first.signature.name else graph_def.library.function.add()
        made.CopyFrom(first)
        made.signature.name = own
        (node,) = (one for one in made.node_def if one.op == "Tanh" or "f" in one.attr)
        node.op = "PartitionedCall"
        node.attr["f"].func.name = calls.pop(0)
    with pytest.raises(UsageError, match=r"calls itself, by way of .*: it isn't run; name outputs"):
        cut_graph(graph_def, outputs=["y"])


def test_functions_that_call_each_other_too_deep_are_refused():
    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def halved(x):
        return tf.tanh(x)

    with tf.Graph().as_default() as graph:
        tf.identity(halved(v1.placeholder(tf.float32, [], "x")), name="y")
    graph_def = graph.as_graph_def()
    (last,) = graph_def.library.function
    called = last.signature.name
    last.signature.name = "level_3000"
    for level in range(3000):
        made = graph_def.library.function.add()
        made.CopyFrom(last)
        made.signature.name = f"level_{level}" if level else called
        (node,) = (one for one in made.node_def if one.op == "Tanh")
        node.op = "PartitionedCall"
        node.attr["f"].func.name = f"level_{level + 1}"
    with pytest.raises(UsageError, match=r"more than 100 levels deep, from .*: it isn't run"):
        cut_graph(graph_def, outputs=["y"])


def test_a_loop_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(ReferenceGraph, "seconds", 0.3)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [], "x")
        y = tf.while_loop(lambda x: x < 2.0, tf.sin, [x])
        tf.identity(y, name="y")
    reference = ReferenceGraph(GraphFile("toy.meta", graph.as_graph_def()), ["y"])
    for run in (reference.run, functools.partial(reference.run_what_runs, only=["y:0"])):
        with pytest.raises(
            UsageError, match=r"toy\.meta: the v1 graph didn't end within 0\.3 s: a l"
        ):
            run({"x:0": np.float32(1)}, {})


def test_a_signal_ends_a_loop_that_never_ends(monkeypatch):
    def handle(number, frame):
        raise KeyboardInterrupt

    monkeypatch.setattr(ReferenceGraph, "seconds", 20)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [], "x")
        tf.identity(tf.while_loop(lambda x: x < 2.0, tf.sin, [x]), name="y")
    reference = ReferenceGraph(GraphFile("toy.meta", graph.as_graph_def()), ["y"])
    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            reference.run({"x:0": np.float32(1)}, {})
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_tensor_of_gigabytes_in_a_small_graph_is_refused():
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None, 1], "x")
        tf.add(x, tf.fill([1 << 15, 1 << 14], 0.0), name="y")
    with pytest.raises(
        UsageError, match=r"toy\.meta: .*2,147,483,648 bytes of one tensor .*Fill:0"
    ):
        ReferenceGraph(GraphFile("toy.meta", graph.as_graph_def()), ["y"])


def test_updates_that_only_order_are_left_out():
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [], "x")
        count = v1.get_variable("count", [], use_resource=False)
        with tf.control_dependencies([v1.assign_add(count, 1.0)]):
            tf.identity(x, name="y")
    assert names(cut_graph(graph.as_graph_def(), outputs=["y"])) == {"x", "y"}


def test_loops_and_branches_of_v1_stay_whole(control_flow_of_v1):
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [], "x")
        phase = v1.placeholder(tf.bool, [], "phase")
        many = v1.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * 2.0), [0, x])[1]
        v1.cond(phase, lambda: many + 1.0, lambda: many - 1.0, name="branch")
    graph_def = graph.as_graph_def()
    part = cut_graph(graph_def, outputs=["branch/Merge"])
    found = run(part, "branch/Merge:0", {"x:0": 1.0, "phase:0": False})
    assert_arrays_close(found, np.array(7.0, np.float32))


def test_tensors_that_are_not_there_are_named():
    with tf.Graph().as_default() as graph:
        v1.placeholder(tf.float32, [], "x")
    with pytest.raises(UsageError, match="the v1 graph has no op nothing"):
        cut_graph(graph.as_graph_def(), outputs=["nothing"])


def test_forward_ops_have_a_value_outside_of_loops_and_branches(control_flow_of_v1):
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [2, 2], "x")
        labels = v1.placeholder(tf.float32, [2, 2], "labels")
        w = v1.get_variable("w", [2, 2], use_resource=True)
        h = tf.matmul(x, w, name="h")
        y = v1.cond(tf.constant(True), lambda: h * 2.0, lambda: h, name="branch")
        loss = tf.reduce_sum(y - labels, name="loss")
        v1.gradients(loss, w, name="gradients")
        tf.square(w, name="of_weights_alone")
    found = forward_ops(graph.as_graph_def(), ["x:0"])
    assert found == ["h", "branch/Merge"]


def test_what_loops_write_depends_on_what_their_bodies_read(control_flow_of_v1):
    """As of dynamic_rnn: a loop brings back an array that begins as nothing, and the next reads."""

    def scanned(x, w, name):
        steps = tf.TensorArray(tf.float32, 3)
        steps = v1.while_loop(
            lambda i, _: i < 3, lambda i, a: (i + 1, a.write(i, x[i] * w)), [0, steps], name=name
        )[1]
        return steps.stack()

    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [3, 2], "x")
        w = v1.get_variable("w", [], use_resource=True)
        tf.identity(scanned(scanned(x, w, "first"), w, "second"), "y")
    found = forward_ops(graph.as_graph_def(), ["x:0"])
    assert "y" in found
    assert not any(
        "/while/" in name and not name.split("/")[-1].startswith("Exit") for name in found
    )


def test_a_loop_that_keeps_values_for_its_gradients_has_a_value():
    """A `While` op of a training graph is given the lists that it fills, in their scope."""
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [2], "x")
        w = v1.get_variable("w", [], use_resource=True)
        tripled = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * w), [0, x])[1]
        v1.gradients(tf.identity(tripled, "y"), w, name="gradients")
    graph_def = graph.as_graph_def()
    assert "EmptyTensorList" in {n.op for n in graph_def.node if n.name.startswith("gradients/")}
    found = forward_ops(graph_def, ["x:0"])
    assert "y" in found
    assert not any(name.startswith("gradients/") for name in found)
