"""Two towers of residual layers for retrieval: fitting queries and items have similar vectors."""

import keras
from keras import layers

WIDTH, DEPTH = 10, 12


class Tower(layers.Layer):
    """``[B, n]`` -> ``[B, WIDTH]``."""

    def __init__(self, **kwargs: str) -> None:
        super().__init__(**kwargs)
        self.project = layers.Dense(WIDTH)
        self.residuals = [layers.Dense(WIDTH, activation="tanh") for _ in range(DEPTH)]

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the vector of each row."""
        x = self.project(x)
        for residual in self.residuals:
            x = x + residual(x)
        return x


def build_model() -> keras.Model:
    """Returns a model from ``[B, 6], [B, 9]`` to the similarity ``[B]`` and both vectors."""
    query, item = keras.Input((6,), name="query"), keras.Input((9,), name="item")
    a, b = Tower(name="queries")(query), Tower(name="items")(item)
    return keras.Model([query, item], [keras.ops.sum(a * b, axis=1), a, b], name="retrieval")
