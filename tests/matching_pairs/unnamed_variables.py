"""A tutorial's network of variables without names: all kernels first, then all biases."""

import keras

from matching_pairs.support import numbered

_KERNELS = ((5, 5, 1, 32), (5, 5, 32, 64), (3136, 1024), (1024, 10))
_LAYERS = ("conv2d", "conv2d_1", "dense", "dense_1")
_SHAPES = (*_KERNELS, *(shape[-1:] for shape in _KERNELS))
SOURCES = {numbered("Variable", place): shape for place, shape in enumerate(_SHAPES)}
TRUTH = {}
for _place, _layer in enumerate(_LAYERS):
    TRUTH[f"{_layer}/kernel"] = numbered("Variable", _place)
    TRUTH[f"{_layer}/bias"] = numbered("Variable", _place + len(_LAYERS))


def build():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
            layers.Dense(10),
        ]
    )
