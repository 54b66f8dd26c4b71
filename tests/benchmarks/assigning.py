"""How fast 1,000 variables are assigned, beside a loop of tf.assign and a bare fed run.

    python tests/benchmarks/assigning.py [--variables=1000] [--loop=20]

Prints times a variable and their ratios, measured in one process: (a) ``session.run(tf.assign(v,
value))`` in a loop, over `--loop` variables as it is slow; (b) one bare fed ``session.run`` of all
the assigns; (c) the assigner, whose checking is also timed alone; (d) building the assigner.
"""

import statistics
import time

import numpy as np
import tensorflow as tf
from absl import app, flags

from tf1compat.graph import Assigner, query

v1 = tf.compat.v1
FLAGS = flags.FLAGS
flags.DEFINE_integer("variables", 1000, "How many variables.")
flags.DEFINE_integer("loop", 20, "How many of them the loop of tf.assign sets.")
flags.DEFINE_integer("repeats", 15, "How often the quick ones are timed.")


def timed(function, repeats):
    """Returns the median and the least of `repeats` times of `function`, in seconds."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times), min(times)


def in_turn(functions, repeats):
    """Returns the median time of each of `functions`, called in turn so that drift hits all."""
    times = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def loop_time(session, variables, values, count):
    """Returns the time a variable of a loop of ``session.run(tf.assign(v, value))``."""
    start = time.perf_counter()
    for variable in variables[:count]:
        session.run(v1.assign(variable, values[variable.op.name]))
    return (time.perf_counter() - start) / count


def build(count, *, use_resource):
    """Returns a graph with `count` variables of shape [16, 16] in scopes of ten."""
    graph = tf.Graph()
    with graph.as_default():
        for number in range(count):
            with v1.variable_scope(f"layer_{number // 10}"):
                v1.get_variable(f"w{number}", [16, 16], use_resource=use_resource)
    return graph


def measure(*, use_resource):
    """Prints the figures for one kind of variable."""
    count = FLAGS.variables
    graph = build(count, use_resource=use_resource)
    rng = np.random.default_rng(0)
    with graph.as_default():
        variables = v1.global_variables()
        values = {v.op.name: rng.normal(size=[16, 16]).astype(np.float32) for v in variables}
        feeds = {}
        operations = []
        for variable in variables:
            placeholder = v1.placeholder(tf.float32, [16, 16])
            feeds[placeholder] = values[variable.op.name]
            operations.append(variable.assign(placeholder, read_value=False))
        start = time.perf_counter()
        assigner = Assigner(query(graph))
        built = time.perf_counter() - start
        with v1.Session() as session:
            times = in_turn(
                {
                    "bare": lambda: session.run(operations, feeds),
                    "ours": lambda: assigner.assign(session, values),
                    "check": lambda: assigner.check(values),
                    "read": lambda: assigner.read(session),
                },
                FLAGS.repeats,
            )
            looped = loop_time(session, variables, values, FLAGS.loop)
    report("resource" if use_resource else "reference", count, times, looped, built)


def report(kind, count, times, looped, built):
    """Prints one kind's figures."""
    ours, bare = times["ours"], times["bare"]
    print(f"{kind} variables: {count}")
    print(f"  loop of tf.assign    {looped * 1e3:9.3f} ms a variable")
    print(f"  bare fed run         {bare / count * 1e3:9.4f} ms a variable")
    print(f"  assigner             {ours / count * 1e3:9.4f} ms a variable")
    print(f"  of which checking    {times['check'] / count * 1e3:9.4f} ms a variable")
    print(f"  reading              {times['read'] / count * 1e3:9.4f} ms a variable")
    print(f"  building it, once    {built / count * 1e3:9.4f} ms a variable")
    print(f"  loop / assigner      {looped / (ours / count):9.0f} x   (wanted: at least 100)")
    print(f"  assigner / bare run  {ours / bare:9.2f} x   (wanted: at most 1.2)", flush=True)


def main(_):
    """Measures reference and resource variables."""
    print(f"TensorFlow {tf.__version__}")
    for use_resource in (False, True):
        measure(use_resource=use_resource)


if __name__ == "__main__":
    app.run(main)
