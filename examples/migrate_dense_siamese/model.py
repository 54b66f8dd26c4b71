"""A classifier of pairs that encodes both sides with the same layers (Functional API)."""

import keras
from keras import layers


def build_model() -> keras.Model:
    """Returns a model from two ``[B, 20]`` to scores ``[B, 3]`` and the left code ``[B, 16]``."""
    encoder = keras.Sequential(
        [
            keras.Input((20,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(16, activation="tanh"),
        ],
        name="encoder",
    )
    left, right = keras.Input((20,), name="left"), keras.Input((20,), name="right")
    a, b = encoder(left), encoder(right)
    distance = keras.ops.abs(a - b)
    pair = layers.Concatenate()([distance, layers.Multiply()([a, b])])
    pair = layers.Dense(16, activation="relu", name="comparison")(pair)
    scores = layers.Dense(3, name="scores")(pair)
    return keras.Model([left, right], [scores, a], name="pair_classifier")
