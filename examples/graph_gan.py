r"""A GAN with two scopes: each optimizer trains its own, and the discriminator is shared.

python -m examples.graph_gan --steps=400
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from absl import app, flags

from tf1compat.graph import NonFiniteFinder, initialize_uninitialized, layers, query, shared

v1 = tf.compat.v1
_STEPS = flags.DEFINE_integer("steps", 400, "Training steps.", lower_bound=1)
_MEAN, _STD = 3.0, 0.5


@shared("generator")
def generator(noise: tf.Tensor) -> tf.Tensor:
    """From noise [B, 4] to numbers [B, 1]."""
    return layers.dense(layers.dense(noise, 16, tf.nn.relu, name="hidden"), 1, name="out")


@shared("discriminator")
def discriminator(x: tf.Tensor) -> tf.Tensor:
    """From numbers [B, 1] to logits [B, 1]; called for the real ones and for the made ones."""
    return layers.dense(layers.dense(x, 16, tf.nn.relu, name="hidden"), 1, name="out")


def losses(real: tf.Tensor, made: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The losses of discriminator and generator, of logits."""
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits
    d_loss = cross_entropy(tf.ones_like(real), real) + cross_entropy(tf.zeros_like(made), made)
    return tf.reduce_mean(d_loss), tf.reduce_mean(cross_entropy(tf.ones_like(made), made))


def main(argv: Sequence[str]) -> None:
    """Trains the two by turns and prints the mean of what the generator makes."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    rng = np.random.default_rng(0)
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.set_random_seed(0)
        noise = v1.placeholder(tf.float32, [None, 4])
        real = v1.placeholder(tf.float32, [None, 1])
        made = generator(noise)
        d_loss, g_loss = losses(discriminator(real), discriminator(made))
        trainable = query(graph).trainable()
        print(trainable)
        train_d = v1.train.AdamOptimizer(0.01, 0.5).minimize(
            d_loss, var_list=list(trainable.scope("discriminator"))
        )
        train_g = v1.train.AdamOptimizer(0.01, 0.5).minimize(
            g_loss, var_list=list(trainable.scope("generator"))
        )
        finder = NonFiniteFinder([d_loss, g_loss])
        initialize_uninitialized(session)
        for step in range(_STEPS.value):
            feeds = {noise: rng.normal(size=[64, 4]), real: rng.normal(_MEAN, _STD, size=[64, 1])}
            session.run(train_d, feeds)
            session.run(train_g, feeds)
            if step in (0, _STEPS.value - 1):
                mean = session.run(made, {noise: rng.normal(size=[512, 4])}).mean()
                print(f"step {step}: the mean made is {mean:.2f}, the real one {_MEAN}")
        print(finder.check(session, feeds))


if __name__ == "__main__":
    app.run(main)
