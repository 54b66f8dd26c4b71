r"""Variable scopes and their collections: who shares what, and what a query finds.

python -m examples.graph_scopes
"""

from collections.abc import Sequence

import tensorflow as tf
from absl import app

from tf1compat.graph import dump_variables, layers, query

v1 = tf.compat.v1


def build(graph: tf.Graph) -> None:
    """Two towers of one scope, and a second scope whose name begins like the first's."""
    with graph.as_default():
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        for _ in range(2):  # the second time around, AUTO_REUSE finds the first one's variables
            with v1.variable_scope("conv1", reuse=v1.AUTO_REUSE):
                hidden = layers.dense(x, 8, activation=tf.nn.relu, name="dense")
                hidden = layers.batch_normalization(hidden, training=True, name="norm")
        with v1.variable_scope("conv10"):
            logits = layers.dense(hidden, 3, name="dense")
        loss = v1.losses.sparse_softmax_cross_entropy(tf.zeros([tf.shape(x)[0]], tf.int32), logits)
        v1.train.AdamOptimizer().minimize(loss)


def main(argv: Sequence[str]) -> None:
    """Builds the graph and prints what several queries find in it."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    graph = tf.Graph()
    build(graph)
    print("Everything in scope conv1 (conv10 is another scope):")
    print(query(graph).scope("conv1").kind("variable"))
    print("\nKernels that are trained:", *query(graph).role("kernel").trainable().names)
    print("Not trained:", *(query(graph).kind("variable") - query(graph).trainable()).names)
    print(
        "Adam's slots of conv10/dense/kernel:", *query(graph).slots_of("conv10/dense/kernel").names
    )
    updates = query(graph, key=v1.GraphKeys.UPDATE_OPS)
    print(f"Losses: {query(graph, key=v1.GraphKeys.LOSSES).names}; {len(updates)} update ops")
    print("\n" + dump_variables(graph).split("\n\n", 1)[1])


if __name__ == "__main__":
    app.run(main)
