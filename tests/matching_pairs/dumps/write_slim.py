"""Writes what TensorFlow 1.15.5's own TF-slim networks call their variables, to this folder.

Run it under Python 3.7 with ``tensorflow==1.15.5`` and ``protobuf<3.21``:

    python tests/matching_pairs/dumps/write_slim.py

A line holds a variable's name and its shape, in order of creation.
"""

import os

import tensorflow as tf
from tensorflow.contrib import slim
from tensorflow.contrib.slim import nets
from tensorflow.contrib.slim.python.slim.nets import resnet_utils

FOLDER = os.path.dirname(os.path.abspath(__file__))
CLASSES = 1000


def vgg(network):
    """Returns a builder of a VGG."""

    def build(images):
        with slim.arg_scope(nets.vgg.vgg_arg_scope()):
            network(images, num_classes=CLASSES)

    return build


def inception_v3(images):
    with slim.arg_scope(nets.inception.inception_v3_arg_scope()):
        nets.inception.inception_v3(images, num_classes=CLASSES)


def resnet(network):
    """Returns a builder of a ResNet."""

    def build(images):
        with slim.arg_scope(resnet_utils.resnet_arg_scope()):
            network(images, num_classes=CLASSES)

    return build


NETWORKS = {
    "vgg_16": (vgg(nets.vgg.vgg_16), 224),
    "vgg_19": (vgg(nets.vgg.vgg_19), 224),
    "inception_v3": (inception_v3, 299),
    "resnet_v1_50": (resnet(nets.resnet_v1.resnet_v1_50), 224),
    "resnet_v1_101": (resnet(nets.resnet_v1.resnet_v1_101), 224),
    "resnet_v2_50": (resnet(nets.resnet_v2.resnet_v2_50), 224),
}


def main():
    """Writes all dumps."""
    for name, (build, size) in NETWORKS.items():
        with tf.Graph().as_default():
            build(tf.placeholder(tf.float32, [1, size, size, 3]))
            with open(os.path.join(FOLDER, name + ".tsv"), "w") as file:
                for v in tf.global_variables():
                    shape = ",".join(str(n) for n in v.shape.as_list())
                    file.write(f"{v.op.name}\t{shape}\n")


if __name__ == "__main__":
    main()
