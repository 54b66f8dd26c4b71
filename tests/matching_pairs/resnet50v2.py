"""ResNet50V2 against slim's resnet_v2_50."""

import keras

from matching_pairs import resnet_layer_names
from matching_pairs.support import read_dump

SOURCES = read_dump("resnet_v2_50")
TRUTH = resnet_layer_names.v2_truth("resnet_v2_50", (3, 4, 6, 3))


def build():
    return keras.applications.ResNet50V2(weights=None)
