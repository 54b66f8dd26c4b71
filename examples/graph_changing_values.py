r"""Changing the values of variables in a session, without adding a node to the graph.

python -m examples.graph_changing_values
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from absl import app

from tf1compat.errors import GraphError
from tf1compat.graph import Assigner, initialize_uninitialized, layers, query, rename_values

v1 = tf.compat.v1


def main(argv: Sequence[str]) -> None:
    """Assigns, is refused, tries values for a while, and takes them from other names."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        x = tf.ones([1, 3])
        with v1.variable_scope("net"):
            y = layers.dense(x, 2, name="fc")
        assigner = Assigner(query(graph).scope("net"), casts="widening")
        graph.finalize()  # nothing below adds a node
        print(initialize_uninitialized(session))

        assigner.assign(
            session,
            {"net/fc/kernel": np.ones([3, 2], np.float32), "net/fc/bias": np.float16([0.5, -0.5])},
        )
        print("ones and halves:", session.run(y)[0])

        try:
            assigner.assign(session, {"net/fc/kernel": np.ones([2, 3]), "net/fc/bais": [0, 0]})
        except GraphError as error:
            print(f"\nRefused, all at once:\n{error}\n")

        with assigner.preserved(session):
            assigner.assign_some(session, {"net/fc/bias": [100.0, 100.0]})
            print("for a while:", session.run(y)[0])
        print("and back:", session.run(y)[0])

        keras_weights = {"dense/kernel": np.eye(3, 2, dtype=np.float32), "dense/bias": [1.0, 2.0]}
        values = rename_values(keras_weights, {"dense/": "net/fc/"}, targets=assigner.names)
        assigner.assign(session, values)
        print("from a Keras layer's weights:", session.run(y)[0])


if __name__ == "__main__":
    app.run(main)
