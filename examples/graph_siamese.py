r"""A Siamese network: one tower, two inputs, one set of variables.

python -m examples.graph_siamese --steps=200
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from absl import app, flags

from tf1compat.errors import SharingError
from tf1compat.graph import initialize_uninitialized, layers, query, shared

v1 = tf.compat.v1
_STEPS = flags.DEFINE_integer("steps", 200, "Training steps.", lower_bound=1)


@shared("tower")
def tower(x: tf.Tensor, width: int = 16) -> tf.Tensor:
    """Embeds [B, 8] in the plane; the second call uses the variables that the first one made."""
    hidden = layers.dense(x, width, activation=tf.nn.tanh, name="hidden")
    return layers.dense(hidden, 2, name="embedding")


def pairs(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of noisy copies of four patterns, and 1 where both are of the same."""
    patterns = np.eye(4, 8)
    left, right = rng.integers(0, 4, [2, count])
    right = np.where(rng.random(count) < 0.5, left, right)
    noise = rng.normal(0, 0.1, [2, count, 8])
    return patterns[left] + noise[0], patterns[right] + noise[1], (left == right).astype(np.float32)


def main(argv: Sequence[str]) -> None:
    """Trains the tower to put the same patterns together, and prints the loss."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    rng = np.random.default_rng(0)
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.set_random_seed(0)
        left, right = (v1.placeholder(tf.float32, [None, 8]) for _ in range(2))
        same = v1.placeholder(tf.float32, [None])
        gap = tf.reduce_sum(tf.square(tower(left) - tower(right)), axis=1)
        apart = tf.square(tf.nn.relu(1.0 - tf.sqrt(gap + 1e-6)))
        loss = tf.reduce_mean(same * gap + (1.0 - same) * apart)
        train = v1.train.AdamOptimizer(0.02).minimize(loss)
        print("One tower's variables, though it was called twice:")
        print(query(graph).scope("tower").trainable())
        try:
            tower(left, width=32)
        except SharingError as error:
            print(f"\nA call that would need others is refused:\n{error}\n")
        initialize_uninitialized(session)
        for step in range(_STEPS.value):
            feeds = dict(zip((left, right, same), pairs(rng, 64), strict=True))
            found, _ = session.run([loss, train], feeds)
            if step in (0, _STEPS.value - 1):
                print(f"step {step}: loss {found:.4f}")


if __name__ == "__main__":
    app.run(main)
