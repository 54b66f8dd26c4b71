r"""Names, devices and checkpoints of a graph: what a name says, where it is, which are kept.

python -m examples.graph_checkpoints
"""

import os
import tempfile
from collections.abc import Sequence

import tensorflow as tf
from absl import app

from tf1compat.checkpoint import open_checkpoint
from tf1compat.graph import keep_checkpoints, layers, list_checkpoints, query

v1 = tf.compat.v1


def build() -> tf.Operation:
    """Builds a net on one device and its table on another; returns its train op."""
    with v1.device("/cpu:0"):
        table = v1.get_variable("table", [6, 4])
        rows = tf.nn.embedding_lookup(table, [0, 3])
    with v1.device("/device:CPU:0"):
        loss = tf.reduce_sum(layers.dense(rows, 2, name="scores"))
    step = v1.train.get_or_create_global_step()
    return v1.train.MomentumOptimizer(0.1, 0.9).minimize(loss, global_step=step)


def main(argv: Sequence[str]) -> None:
    """Trains, saves each step, keeps the last two checkpoints and reads one."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    with (
        tempfile.TemporaryDirectory() as folder,
        tf.Graph().as_default() as graph,
        v1.Session(graph=graph) as session,
    ):
        train = build()
        variables = query(graph)
        print("On a device by name:", *variables.device("/cpu:0").kind("variable").names)
        print("On none:", *variables.device("").names)
        print("Slots of the table:", *variables.slots_of("table").names)
        session.run(v1.global_variables_initializer())
        saver, prefix = v1.train.Saver(max_to_keep=None), os.path.join(folder, "model.ckpt")
        for _ in range(4):
            session.run(train)
            saver.save(session, prefix, global_step=v1.train.get_global_step())
        print("\nSaved at steps:", *list_checkpoints(folder))
        print("Removed:", *map(os.path.basename, keep_checkpoints(folder, 2)))
        print("Kept:", *list_checkpoints(folder))
        for name, entry in open_checkpoint(folder).items():
            print(f"{name}: {entry.name.kind}, {entry.name.role}, {entry.shape}")


if __name__ == "__main__":
    app.run(main)
