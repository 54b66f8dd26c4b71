"""A classifier of short texts by the mean of their embeddings (Sequential API)."""

import keras
from keras import layers


def build_model() -> keras.Model:
    """Returns a model from token ids ``[B, 7]`` to scores ``[B, 4]``."""
    return keras.Sequential(
        [
            keras.Input((7,), dtype="int32"),
            layers.Embedding(50, 12, name="words"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(20, activation="relu"),
            layers.Dense(20, activation="relu"),
            layers.Dense(4, name="scores"),
        ],
        name="text_classifier",
    )
