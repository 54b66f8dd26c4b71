r"""Looking at a Keras model's values: NaN and infinities by name, histograms.

python -m examples.keras_health --directory=/tmp/histograms
"""

import os
from collections.abc import Sequence

import keras
import numpy as np
from absl import app, flags
from keras import layers

from tf1compat.keras3 import select

_DIRECTORY = flags.DEFINE_string("directory", None, "Where histograms go; by default nowhere.")


def main(argv: Sequence[str]) -> None:
    """Damages a weight and finds it."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(8, name="hidden"), layers.Dense(2, name="scores")]
    )
    weights = select(model)
    print(weights.health())
    value = weights.read()["hidden/kernel"]
    value[0, :3] = np.nan, np.inf, -np.inf
    weights.assign({"hidden/kernel": value})
    print("\nAfter a step that went wrong:")
    for bad in weights.health().nonfinite:
        print(bad)
    if _DIRECTORY.value:
        path = os.path.join(_DIRECTORY.value, "weights.png")
        weights.plot_histograms(path, title="Weights")
        weights.write_histogram_summaries(_DIRECTORY.value, step=0)
        print("histograms:", path, "and for TensorBoard")


if __name__ == "__main__":
    app.run(main)
