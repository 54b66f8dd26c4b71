r"""Moving parameters between graphs by a checkpoint: other scopes, a new head, nothing silent.

python -m examples.graph_moving
"""

import os
import tempfile
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from absl import app

from tf1compat.errors import GraphError
from tf1compat.graph import (
    Assigner,
    assign_checkpoint,
    initialize_uninitialized,
    layers,
    query,
)
from tf1compat.names import Rule

v1 = tf.compat.v1


def net(scope: str, head: str, classes: int) -> tf.Tensor:
    """Returns the scores of one example."""
    x = tf.ones([1, 4])
    with v1.variable_scope(scope):
        x = layers.dense(x, 8, tf.nn.relu, name="hidden")
    return layers.dense(x, classes, name=head)


def save(prefix: str) -> np.ndarray:
    """Writes the checkpoint of a net with Adam's slots; returns a kernel of it."""
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.set_random_seed(0)
        loss = tf.reduce_sum(net("old", "animals", 3))
        v1.train.AdamOptimizer().minimize(loss)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, prefix)
        return session.run(query(graph).named("old/hidden/kernel").one())


def main(argv: Sequence[str]) -> None:
    """Saves one graph's parameters and moves some of them into another's."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    with (
        tempfile.TemporaryDirectory() as folder,
        tf.Graph().as_default() as graph,
        v1.Session(graph=graph) as session,
    ):
        prefix = os.path.join(folder, "model.ckpt")
        kernel = save(prefix)
        net("new", "plants", 5)
        initialize_uninitialized(session)
        assigner = Assigner(query(graph))
        renamed = Rule(r"old/(hidden/\w+)", r"new/\1")  # and not its slots
        try:
            assign_checkpoint(session, assigner, prefix, rules=[renamed])
        except GraphError as error:
            print(error)
        heads = [
            Rule("animals/.*", drop="another task"),
            Rule(target="plants/.*", keep="trained from scratch"),
        ]
        print()
        print(assign_checkpoint(session, assigner, prefix, rules=[renamed, *heads]))
        moved = session.run(query(graph).named("new/hidden/kernel").one())
        print("the same values:", np.array_equal(moved, kernel))


if __name__ == "__main__":
    app.run(main)
