"""A small MobileNet: depthwise and pointwise convolutions, and one separable (Functional API)."""

import keras
from keras import layers


def _norm_relu(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU(6.0)(layers.BatchNormalization(scale=False, epsilon=1e-3)(x))


def _block(x: keras.KerasTensor, filters: int, *, strides: int) -> keras.KerasTensor:
    x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    return _norm_relu(layers.Conv2D(filters, 1, use_bias=False)(_norm_relu(x)))


def build_model() -> keras.Model:
    """Returns a model from images ``[B, 16, 16, 3]`` to logits ``[B, 6]``."""
    images = keras.Input((16, 16, 3), name="images")
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="stem")(images)
    x = _block(_norm_relu(x), 16, strides=1)
    x = _block(x, 24, strides=2)
    x = _block(x, 24, strides=1)
    x = _block(x, 24, strides=1)
    x = layers.SeparableConv2D(20, 3, padding="same", use_bias=False, name="last")(x)
    x = layers.GlobalAveragePooling2D()(_norm_relu(x))
    return keras.Model(images, layers.Dense(6, name="classifier")(x), name="tiny_mobilenet")
