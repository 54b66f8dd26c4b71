"""A checkpoint of averages alone, exported without the raw weights."""

from matching_pairs.chains import dense_shapes, sequential

_SUFFIX = "ExponentialMovingAverage"
_LAYERS = {**dense_shapes("fc1", 6, 5), **dense_shapes("fc2", 5, 5), **dense_shapes("fc3", 5, 5)}
SOURCES = {f"{name}/{_SUFFIX}": shape for name, shape in _LAYERS.items()}
TRUTH = {f"layer_{name.removeprefix('fc')}": f"{name}/{_SUFFIX}" for name in _LAYERS}


def build():
    return sequential((6, 5, 5, 5), names=("layer_1", "layer_2", "layer_3"))
