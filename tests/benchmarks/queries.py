"""How fast a scope of a graph of 100,000 variables is found, beside tf.get_collection.

    python tests/benchmarks/queries.py [--variables=100000]

The variables are imported from a GraphDef, as making them one by one takes minutes. Prints medians
measured in one process, and the ratio; both sides must find the same variables.
"""

import statistics
import time

import tensorflow as tf
from absl import app, flags

from tf1compat.graph import query

v1 = tf.compat.v1
FLAGS = flags.FLAGS
flags.DEFINE_integer("variables", 100_000, "How many variables.")
flags.DEFINE_integer("repeats", 15, "How often each query is timed.")


def variable_nodes(name, *, use_resource):
    """Returns the GraphDef nodes of one variable, and its VariableDef."""
    with tf.Graph().as_default() as graph:
        variable = v1.get_variable(name, [2], use_resource=use_resource)
        return graph.as_graph_def().node, variable.to_proto()


def build(count, *, use_resource):
    """Returns a graph with `count` variables in scopes of ten, ten scopes to a block."""
    nodes, definition = variable_nodes("NAME", use_resource=use_resource)
    graph_def = v1.GraphDef()
    names = [f"block_{n // 100}/layer_{n // 10 % 10}/w{n % 10}" for n in range(count)]
    for name in names:
        for node in nodes:
            text = node.SerializeToString()
            copy = graph_def.node.add()
            copy.ParseFromString(text)
            copy.name = copy.name.replace("NAME", name)
            copy.input[:] = [one.replace("NAME", name) for one in copy.input]
            copy.attr.pop("_class", None)
            if use_resource and copy.op == "VarHandleOp":
                copy.attr["shared_name"].s = name.encode()
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
        for number, name in enumerate(names):
            text = type(definition)()
            text.CopyFrom(definition)
            for field in (
                "variable_name",
                "initializer_name",
                "snapshot_name",
                "initial_value_name",
            ):
                setattr(text, field, getattr(text, field).replace("NAME", name))
            variable = v1.Variable.from_proto(text)
            v1.add_to_collection(v1.GraphKeys.GLOBAL_VARIABLES, variable)
            if number % 2 == 0:
                v1.add_to_collection(v1.GraphKeys.TRAINABLE_VARIABLES, variable)
    return graph


def timed(function):
    """Returns the median time of `function` in seconds, and what it returned."""
    times = []
    for _ in range(FLAGS.repeats):
        start = time.perf_counter()
        found = function()
        times.append(time.perf_counter() - start)
    return statistics.median(times), found


def measure(*, use_resource):
    """Prints the figures for one kind of variable."""
    start = time.perf_counter()
    graph = build(FLAGS.variables, use_resource=use_resource)
    print(
        f"{'resource' if use_resource else 'reference'} variables: {FLAGS.variables:,}, made in "
        f"{time.perf_counter() - start:.1f} s"
    )
    scope = f"block_{FLAGS.variables // 200}"
    start = time.perf_counter()
    query(graph).scope(scope).result()
    print(f"  first query (makes the index)  {(time.perf_counter() - start) * 1e3:9.1f} ms")
    theirs, expected = timed(
        lambda: graph.get_collection(v1.GraphKeys.GLOBAL_VARIABLES, scope + "/")
    )
    ours, found = timed(lambda: query(graph).scope(scope).result())
    both, _ = timed(lambda: query(graph).trainable().scope(scope).result())
    if [id(v) for v in found] != [id(v) for v in expected]:
        raise SystemExit("the two sides found different variables")
    with graph.as_default():
        v1.get_variable("one_more", [2], use_resource=use_resource)
    start = time.perf_counter()
    if len(query(graph).named("one_more")) != 1:
        raise SystemExit("the index missed a new variable")
    print(f"  after the graph has grown      {(time.perf_counter() - start) * 1e3:9.1f} ms")
    print(f"  tf.get_collection(key, scope)  {theirs * 1e3:9.2f} ms, {len(expected)} found")
    print(f"  query(graph).scope(scope)      {ours * 1e3:9.2f} ms")
    print(f"  query.trainable().scope(scope) {both * 1e3:9.2f} ms")
    print(
        f"  get_collection / query         {theirs / ours:9.1f} x  (wanted: at least 20)",
        flush=True,
    )


def main(_):
    """Measures reference and resource variables."""
    print(f"TensorFlow {tf.__version__}")
    for use_resource in (False, True):
        measure(use_resource=use_resource)


if __name__ == "__main__":
    app.run(main)
