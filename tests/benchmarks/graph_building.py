"""How long a graph of 200 layers takes to build, per node, here and on TensorFlow 1.15.5.

    python tests/benchmarks/graph_building.py
    python tests/benchmarks/graph_building.py --oracle=/path/to/python3.7/with/tensorflow==1.15.5

Prints seconds, nodes, microseconds a node and, given an oracle, the ratios. The same file runs
on both interpreters, so Python 3.7 must read it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

REPEATS = 5


def network(tf, layers, training):
    """66 blocks of conv, batch norm and relu-pool, two dense layers: 200 layers."""
    x = tf.compat.v1.placeholder(tf.float32, [8, 16, 16, 8])
    for _ in range(66):
        x = layers.conv2d(x, 8, 3, padding="same", use_bias=False)
        x = layers.batch_normalization(x, training=training)
        x = layers.max_pooling2d(tf.nn.relu(x), 3, 1, padding="same")
    x = layers.dense(layers.flatten(x), 32, activation=tf.nn.relu)
    return layers.dense(x, 10)


def dense_network(tf, layers, training):
    """200 dense layers."""
    x = tf.compat.v1.placeholder(tf.float32, [8, 16])
    for _ in range(200):
        x = layers.dense(x, 16, activation=tf.nn.relu)
    return x


def measure(tf, layers):
    found = {}
    for build in (network, dense_network):
        times = []
        for _ in range(REPEATS):
            graph = tf.Graph()
            with graph.as_default():
                start = time.perf_counter()
                build(tf, layers, True)
                times.append(time.perf_counter() - start)
        nodes = len(graph.get_operations())
        found[build.__name__] = {
            "seconds": min(times),
            "median": statistics.median(times),
            "nodes": nodes,
            "us_per_node": 1e6 * min(times) / nodes,
        }
    return found


def measure_here():
    import tensorflow as tf

    if tf.__version__.startswith("1."):
        tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
        return measure(tf, tf.layers)
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    sys.path.insert(0, root)
    from tf1compat.graph import layers

    tf.compat.v1.disable_resource_variables()
    tf.compat.v1.disable_control_flow_v2()
    return measure(tf, layers)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--oracle", default="", help="python with TensorFlow 1.15.5")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    arguments = parser.parse_args()
    here = measure_here()
    if arguments.json:
        print(json.dumps(here))
        return
    for name, row in here.items():
        print(f"{name:14} here  {row}")
    if arguments.oracle:
        command = [arguments.oracle, os.path.abspath(__file__), "--json"]
        output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        oracle = json.loads(output.decode().strip().splitlines()[-1])
        for name, row in oracle.items():
            print(f"{name:14} 1.15  {row}")
            each, total, nodes = (
                here[name][key] / row[key] for key in ("us_per_node", "seconds", "nodes")
            )
            print(f"{name:14} ratio us/node {each:.2f}, seconds {total:.2f}, nodes {nodes:.3f}")


if __name__ == "__main__":
    main()
