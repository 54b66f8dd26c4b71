"""ResNet50 against slim's resnet_v1_50, whose convolutions have no biases: Keras' stay unfilled."""

import keras

from matching_pairs import resnet_layer_names
from matching_pairs.support import read_dump

SOURCES = read_dump("resnet_v1_50")
TRUTH = resnet_layer_names.v1_truth("resnet_v1_50", (3, 4, 6, 3), biases=False)


def build():
    return keras.applications.ResNet50(weights=None)
