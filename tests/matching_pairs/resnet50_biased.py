"""ResNet50 against a resnet_v1_50 made up to have the biases that Keras' convolutions have."""

import keras

from matching_pairs import resnet_layer_names
from matching_pairs.support import read_dump

SOURCES = {}
for _name, _shape in read_dump("resnet_v1_50").items():
    SOURCES[_name] = _shape
    if _name.endswith("/weights"):
        SOURCES[_name.removesuffix("weights") + "biases"] = _shape[-1:]
TRUTH = resnet_layer_names.v1_truth("resnet_v1_50", (3, 4, 6, 3), biases=True)


def build():
    return keras.applications.ResNet50(weights=None)
