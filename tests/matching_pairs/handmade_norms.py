"""Batch norms made by hand, with names of their author's own, all vectors of one length."""

import keras

_NAMES = {
    "gamma": "scale",
    "beta": "offset",
    "moving_mean": "pop_mean",
    "moving_variance": "pop_var",
}
_CONVOLUTIONS = ("conv1", "conv2", "conv3")
SOURCES = {}
TRUTH = {}
for _number, _conv in enumerate(_CONVOLUTIONS, 1):
    _channels = 3 if _number == 1 else 8
    SOURCES |= {f"{_conv}/W": (3, 3, _channels, 8), f"{_conv}/b": (8,)}
    SOURCES |= {f"{_conv}/bn/{name}": (8,) for name in _NAMES.values()}
    TRUTH |= {f"conv_{_number}/kernel": f"{_conv}/W", f"conv_{_number}/bias": f"{_conv}/b"}
    TRUTH |= {f"norm_{_number}/{role}": f"{_conv}/bn/{name}" for role, name in _NAMES.items()}


def build():
    parts = [keras.Input((8, 8, 3))]
    for number in range(1, 4):
        parts.append(keras.layers.Conv2D(8, 3, padding="same", name=f"conv_{number}"))
        parts.append(keras.layers.BatchNormalization(name=f"norm_{number}"))
    return keras.Sequential(parts)
