"""What got slower between two trees of this package: the same work, in turns, by processor time.

    git worktree add --detach /some/where/before COMMIT
    python tests/benchmarks/side_by_side.py --before=/some/where/before [--pairs=5]

Each run is a process that takes the package from one of the trees. Printed are, of each piece of
work, the least that it took in either, and the median of the pairs' ratios: above 1.05 is worse.
Processor time is that of the whole process, threads included, so other work beside it matters
little; what waits for the disk, or overlaps, doesn't show.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAYERS, SIZE = 60, 4


def timed(work: Callable[[], object], repeat: int = 3) -> float:
    """Returns the least seconds of the processors that something took."""
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def graphs() -> Iterator[tuple[str, float]]:
    """Yields building, per 1,000 nodes, querying and assigning."""
    import numpy as np
    import tensorflow as tf

    from tf1compat.graph import Assigner, layers, query, rnn_cell

    v1 = tf.compat.v1

    def build() -> tf.Graph:
        with tf.Graph().as_default() as graph:
            x = v1.placeholder(tf.float32, [8, 16, 16, 8])
            for _ in range(LAYERS // 3):
                x = layers.conv2d(x, 8, 3, padding="same", use_bias=False)
                x = layers.batch_normalization(x, training=True)
            layers.dense(layers.flatten(x), 32, activation=tf.nn.relu)
            stack = rnn_cell.MultiRNNCell([rnn_cell.BasicLSTMCell(4) for _ in range(10)])
            v1.nn.static_rnn(stack, [tf.zeros([4, 4])] * 4, dtype=tf.float32)
        return graph

    graph = build()
    yield "building 1,000 nodes", timed(build) * 1000 / len(graph.get_operations())
    yield (
        "100 queries",
        timed(lambda: [query(graph).scope("conv2d_9").result() for _ in range(100)]),
    )
    with graph.as_default(), v1.Session() as session:
        values = {v.op.name: np.zeros(v.shape, np.float32) for v in v1.global_variables()}
        assigner = Assigner(query(graph))
        yield "20 assigns", timed(lambda: [assigner.assign(session, values) for _ in range(20)])


def checkpoints() -> Iterator[tuple[str, float]]:
    """Yields writing and reading a checkpoint, planning for it, and exporting and verifying."""
    import keras
    import numpy as np

    from tf1compat.checkpoint import open_checkpoint, write_checkpoint
    from tf1compat.keras3 import index_model
    from tf1compat.migration import convert, plan_migration, verify_weights

    values = {"net/wide/kernel": np.ones((4096, 8192), np.float32)}
    for n in range(LAYERS * 5):
        scope = f"net/stage_{n // 100}/unit_{n % 100}"
        values[f"{scope}/weights"] = np.full((SIZE, SIZE), n, np.float32)
        values[f"{scope}/biases"] = np.full(SIZE, n, np.float32)

    class Stack(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="stack")
            dense = keras.layers.Dense
            self.blocks = [dense(SIZE, name=f"block_{n}") for n in range(LAYERS * 5)]
            self.wide = dense(8192, use_bias=False, name="wide")

        def build(self, shape: object) -> None:
            self.wide.build((None, 4096))
            for block in self.blocks:
                block.build((None, SIZE))

    model = Stack()
    model.build(None)
    with tempfile.TemporaryDirectory() as folder:
        path, output = os.path.join(folder, "m.ckpt"), os.path.join(folder, "m.weights.h5")

        def write() -> None:
            for name in os.listdir(folder):
                os.unlink(os.path.join(folder, name))
            write_checkpoint(path, values)

        yield "writing a checkpoint of 134 MB", timed(write)
        yield "opening and listing it", timed(lambda: list(open_checkpoint(path).items()))
        entries, index = open_checkpoint(path), index_model(model)
        yield "reading all of it", timed(lambda: [one.read() for one in entries.values()])
        yield "planning 601 variables", timed(lambda: plan_migration(entries, index))
        plan = plan_migration(entries, index)
        export = lambda: convert(plan, index, checkpoint=entries, output=output)  # noqa: E731
        yield "exporting it", timed(export)
        yield (
            "verifying it",
            timed(lambda: verify_weights(plan, index, checkpoint=entries, output=output)),
        )


WORK = {"graphs": graphs, "checkpoints": checkpoints}


def run(tree: str, kind: str) -> dict[str, float]:
    """Does one kind of work in a process that has the package from a tree."""
    done = subprocess.run(
        [sys.executable, os.path.abspath(__file__), f"--work={kind}"],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tree,
        env={
            **os.environ,
            "PYTHONPATH": tree,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",
        },
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(before: str, kind: str, *, pairs: int) -> None:
    """Prints a line for each piece of work."""
    trees = {"before": os.path.abspath(before), "here": ROOT}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for _ in range(pairs):
        for name, tree in trees.items():
            found[name].append(run(tree, kind))
    for work in found["here"][0]:
        old, new = ([one[work] for one in found[name]] for name in ("before", "here"))
        ratio = statistics.median(b / a for a, b in zip(old, new, strict=True))
        print(
            f"{work}: {min(old):.4f} s before, {min(new):.4f} s here, {ratio:.2f} times; "
            f"of the least {min(new) / min(old):.2f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", help="another tree of this package")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--work", choices=WORK)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(dict(WORK[options.work]())))
        return
    for kind in WORK:
        compare(options.before or parser.error("expected --before=TREE"), kind, pairs=options.pairs)


if __name__ == "__main__":
    main()
