"""A small residual network for images (Functional API)."""

import keras
from keras import layers


def _conv(x: keras.KerasTensor, filters: int, *, strides: int = 1) -> keras.KerasTensor:
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization(epsilon=1e-3)(x)


def _residual_block(x: keras.KerasTensor) -> keras.KerasTensor:
    y = layers.ReLU()(_conv(x, 12))
    return layers.ReLU()(layers.Add()([x, _conv(y, 12)]))


def build_model() -> keras.Model:
    """Returns a model from images ``[B, 12, 12, 3]`` to logits ``[B, 5]``."""
    images = keras.Input((12, 12, 3), name="images")
    x = layers.ReLU()(_conv(images, 8))
    x = layers.ReLU()(_conv(x, 12, strides=2))
    x = _residual_block(_residual_block(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(images, layers.Dense(5, name="classifier")(x), name="small_resnet")
