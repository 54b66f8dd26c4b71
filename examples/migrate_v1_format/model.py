"""A perceptron (subclassed)."""

import keras
from keras import layers


class Perceptron(keras.Model):
    """``[B, 10]`` -> ``[B, 3]``."""

    def __init__(self, **kwargs: str) -> None:
        super().__init__(**kwargs)
        self.lower = layers.Dense(16, activation="relu")
        self.upper = layers.Dense(16, activation="tanh")
        self.scores = layers.Dense(3)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the scores of each row."""
        return self.scores(self.upper(self.lower(x)))


def build_model() -> keras.Model:
    """Returns a built :class:`Perceptron`."""
    model = Perceptron(name="perceptron")
    model(keras.Input((10,)))
    return model
