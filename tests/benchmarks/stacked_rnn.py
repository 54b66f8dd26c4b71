"""Building the graph of a 100-cell stacked RNN: nodes and time, beside TensorFlow 1.15.5.

    python tests/benchmarks/stacked_rnn.py --tf1_python=python3.7

prints, for `static_rnn` and `dynamic_rnn` over 100 LSTM cells, the nodes made and the time a
node took, here (under TensorFlow 1's defaults, `v1`, and under today's, `v2`) and there, and the
ratios here / there. `--measure=v1` or `v2` prints this interpreter's figures alone, as JSON.

Runs under Python 3.7 too.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

CELLS, UNITS, STEPS, REPEATS = 100, 16, 2, 5


def libraries(behaviour):
    """Returns (the v1 API, the namespace of cells) of this interpreter's TensorFlow."""
    import tensorflow as tf

    if tf.__version__.startswith("1."):
        tf.logging.set_verbosity(tf.logging.ERROR)
        return tf, tf.nn.rnn_cell
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    if behaviour == "v1":
        tf.compat.v1.disable_v2_behavior()
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    from tf1compat.graph import rnn_cell

    return tf.compat.v1, rnn_cell


def build(tf, cells, kind):
    """Builds a forward graph; returns (nodes, seconds)."""
    graph = tf.Graph()
    gc.collect()
    start = time.perf_counter()
    with graph.as_default():
        stack = cells.MultiRNNCell([cells.BasicLSTMCell(UNITS) for _ in range(CELLS)])
        if kind == "static":
            steps = [tf.zeros([4, UNITS]) for _ in range(STEPS)]
            tf.nn.static_rnn(stack, steps, dtype=tf.float32)
        else:
            tf.nn.dynamic_rnn(stack, tf.zeros([4, STEPS, UNITS]), dtype=tf.float32)
    seconds = time.perf_counter() - start
    definition = graph.as_graph_def()
    inner = sum(len(function.node_def) for function in definition.library.function)
    return len(definition.node) + inner, seconds


def measure(behaviour):
    """Returns {kind: {"nodes", "ms", "us_per_node"}}, the best of REPEATS builds."""
    tf, cells = libraries(behaviour)
    figures = {}
    for kind in ("static", "dynamic"):
        runs = [build(tf, cells, kind) for _ in range(REPEATS)]
        nodes, best = runs[0][0], min(seconds for _, seconds in runs)
        figures[kind] = {"nodes": nodes, "ms": best * 1e3, "us_per_node": best / nodes * 1e6}
    return figures


def run(python, behaviour):
    """Returns the figures that `python` measures."""
    command = [python, os.path.abspath(__file__), "--measure=" + behaviour]
    return json.loads(subprocess.check_output(command).decode().splitlines()[-1])


def main():
    """Prints one line for each kind of graph and interpreter, then the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tf1_python", help="interpreter with tensorflow==1.15.5")
    parser.add_argument("--measure", choices=["v1", "v2"])
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    found = {"here, v1": run(sys.executable, "v1"), "here, v2": run(sys.executable, "v2")}
    if options.tf1_python:
        found["1.15.5"] = run(options.tf1_python, "v1")
    for kind in ("static", "dynamic"):
        for place, figures in found.items():
            one = figures[kind]
            nodes, ms, each = one["nodes"], one["ms"], one["us_per_node"]
            print(f"{kind:8} {place:9} {nodes:7} nodes {ms:9.1f} ms {each:7.1f} us/node")
    for kind in ("static", "dynamic") if options.tf1_python else ():
        there = found["1.15.5"][kind]
        for place in ("here, v1", "here, v2"):
            nodes, ms, each = (
                found[place][kind][key] / there[key] for key in ("nodes", "ms", "us_per_node")
            )
            print(
                f"{kind:8} {place:9} / 1.15.5: nodes {nodes:.3f}, time {ms:.3f}, "
                f"time a node {each:.3f}"
            )


if __name__ == "__main__":
    main()
