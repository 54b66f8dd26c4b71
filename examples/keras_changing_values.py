r"""Changing a Keras model's values: by path, all or none, whatever order its layers have.

python -m examples.keras_changing_values
"""

from collections.abc import Sequence

import keras
import numpy as np
from absl import app
from keras import layers

from tf1compat.errors import ModelError
from tf1compat.keras3 import select


def main(argv: Sequence[str]) -> None:
    """Assigns values by path, and shows what is refused."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dense(3, name="hidden"), layers.Dense(3, name="scores")]
    )
    biases = select(model, role="bias")
    biases.assign({"hidden/bias": np.ones(3), "scores/bias": np.full(3, 2.0)})
    print("ones and twos:", *(biases.read()[name] for name in biases.names))

    # `set_weights` goes by position: two biases of one shape change places without a word.
    model.set_weights([model.get_weights()[at] for at in (0, 3, 2, 1)])
    print("by position:", *biases.read().values())
    try:
        biases.assign({"hidden/bias": np.zeros(4), "hiden/bias": np.zeros(3)})
    except ModelError as error:
        print(error)
    print("unchanged:", *biases.read().values())


if __name__ == "__main__":
    app.run(main)
