"""VGG16 against slim's vgg_16, whose fully connected layers are convolutions."""

import keras

from matching_pairs import vgg_layer_names
from matching_pairs.support import read_dump

SOURCES = read_dump("vgg_16")
TRUTH = vgg_layer_names.truth("vgg_16", (2, 2, 3, 3, 3))


def build():
    return keras.applications.VGG16(weights=None)
