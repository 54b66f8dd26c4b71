"""VGG19 against slim's vgg_19, whose fully connected layers are convolutions."""

import keras

from matching_pairs import vgg_layer_names
from matching_pairs.support import read_dump

SOURCES = read_dump("vgg_19")
TRUTH = vgg_layer_names.truth("vgg_19", (2, 2, 4, 4, 4))


def build():
    return keras.applications.VGG19(weights=None)
