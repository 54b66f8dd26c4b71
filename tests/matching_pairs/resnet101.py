"""ResNet101 against slim's resnet_v1_101, where unit_10 comes after unit_9."""

import keras

from matching_pairs import resnet_layer_names
from matching_pairs.support import read_dump

SOURCES = read_dump("resnet_v1_101")
TRUTH = resnet_layer_names.v1_truth("resnet_v1_101", (3, 4, 23, 3), biases=False)


def build():
    return keras.applications.ResNet101(weights=None)
