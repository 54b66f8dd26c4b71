r"""Choosing an initializer: by the activation behind it, and what a deep net does with others.

python -m examples.graph_initializers --layers=30
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from absl import app, flags

from tf1compat.graph import initializer_for, layers

v1 = tf.compat.v1
_LAYERS = flags.DEFINE_integer("layers", 30, "Depth of the net.", lower_bound=1)
_UNITS = 64


def spread_after(depth: int, initializer: tf.keras.initializers.Initializer) -> float:
    """Returns the standard deviation of what `depth` relu layers make of normal inputs."""
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.set_random_seed(0)
        x = np.random.default_rng(0).normal(size=(64, _UNITS)).astype(np.float32)
        for number in range(depth):
            name = f"layer_{number}"
            x = layers.dense(x, _UNITS, tf.nn.relu, kernel_initializer=initializer, name=name)
        session.run(v1.global_variables_initializer())
        return float(session.run(x).std())


def main(argv: Sequence[str]) -> None:
    """Prints advice, and how signals fare by it and without."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    for activation in ("relu", "tanh", "selu", "recurrent"):
        advice = initializer_for(activation)
        print(f"{activation}: {advice.name}, {advice.reason} ({advice.paper})")
    advised = initializer_for("relu").initializer
    too_small = v1.truncated_normal_initializer(stddev=0.05)
    print(f"\nafter {_LAYERS.value} relu layers, from inputs of standard deviation 1:")
    print(f"as advised: {spread_after(_LAYERS.value, advised):.3g}")
    print(f"truncated normal of 0.05: {spread_after(_LAYERS.value, too_small):.3g}")


if __name__ == "__main__":
    app.run(main)
