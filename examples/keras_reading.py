r"""Reading a Keras model's parameters: by path, by role, by layer, shared ones once.

python -m examples.keras_reading
"""

from collections.abc import Sequence

import keras
from absl import app
from keras import layers

from tf1compat.keras3 import select


def build_model() -> keras.Model:
    """Returns a model of two towers that share an encoder, with a norm and a head."""
    encoder = keras.Sequential(
        [keras.Input((8,)), layers.Dense(16, name="wide"), layers.BatchNormalization(name="norm")],
        name="encoder",
    )
    left, right = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    distance = layers.Subtract()([encoder(left), encoder(right)])
    return keras.Model([left, right], layers.Dense(1, name="score")(distance))


def main(argv: Sequence[str]) -> None:
    """Prints what the model holds."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    model = build_model()
    print(select(model))
    print("\nBy layer:")
    print(select(model).by_layer())
    kernels = select(model, role="kernel")
    print("\nKernels:", *kernels.names)
    print("Not trained:", *select(model, layer="encoder").untrainable().names)
    value = kernels.scope("encoder").one()
    print(
        "encoder/wide/kernel is the layer's own:",
        value is model.get_layer("encoder").layers[0].kernel,
    )


if __name__ == "__main__":
    app.run(main)
