r"""Fine-tuning: a frozen backbone, a slow layer and a new head.

python -m examples.graph_freezing --steps=30
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from absl import app, flags

from tf1compat.graph import (
    Assigner,
    apply_with_multipliers,
    frozen,
    initialize_uninitialized,
    layers,
    query,
    training_statistics,
)

v1 = tf.compat.v1
_STEPS = flags.DEFINE_integer("steps", 30, "Training steps.", lower_bound=1)


def main(argv: Sequence[str]) -> None:
    """Trains and shows that the frozen variables didn't move."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=[256, 6]).astype(np.float32)
    targets = np.sin(inputs.sum(axis=1, keepdims=True))
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.set_random_seed(0)
        hidden = layers.dense(inputs, 16, activation=tf.nn.tanh, name="backbone")
        hidden = layers.batch_normalization(hidden, training=True, name="backbone/norm")
        hidden = layers.dense(hidden, 16, activation=tf.nn.tanh, name="top")
        loss = tf.reduce_mean(tf.square(layers.dense(hidden, 1, name="head") - targets))
        variables = query(graph)
        backbone = variables.scope("backbone")
        # Held, or the updates of UPDATE_OPS would go on moving the moving statistics.
        with frozen(backbone, updates="hold") as still:
            print("Frozen:", *still.names)
            print("Held:", *still.held.names)
            pairs = v1.train.AdamOptimizer().compute_gradients(loss)
            updates = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
        with tf.control_dependencies(updates):
            train = apply_with_multipliers(
                v1.train.AdamOptimizer,
                pairs,
                learning_rate=0.02,
                multipliers=[(variables.scope("top"), 0.1), (variables.scope("head"), 1.0)],
            )
        reader = Assigner(backbone | variables.trainable())
        initialize_uninitialized(session)
        before = reader.read(session)
        for step in range(_STEPS.value):
            if step in (0, _STEPS.value - 1):
                print(f"step {step}: loss {session.run(loss):.4f}")
            session.run(train)
        after = reader.read(session)
        for name in before:
            print(f"{name}: moved by up to {np.abs(after[name] - before[name]).max():.4f}")
        print("\nOne step more:")
        print(training_statistics(session, train, grads_and_vars=pairs))


if __name__ == "__main__":
    app.run(main)
