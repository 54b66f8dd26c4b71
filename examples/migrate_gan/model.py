"""A generator and a discriminator of images, together in one model (Sequential in Functional)."""

import keras
from keras import layers


def _generator() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(48, activation="relu"),
            layers.Reshape((2, 2, 12)),
            layers.Conv2DTranspose(12, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(12, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2D(2, 3, padding="same", activation="tanh"),
        ],
        name="artist",
    )


def _discriminator() -> keras.Model:
    def leaky(x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.activations.leaky_relu(x, negative_slope=0.2)

    return keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(12, 3, padding="same", activation=leaky),
            layers.Conv2D(12, 4, strides=2, padding="same", activation=leaky),
            layers.Conv2D(12, 4, strides=2, padding="same", activation=leaky),
            layers.Flatten(),
            layers.Dense(8, activation=leaky),
            layers.Dense(1),
        ],
        name="critic",
    )


def build_model() -> keras.Model:
    """Returns a model from noise ``[B, 8]`` and images ``[B, 8, 8, 2]``.

    Its outputs are the images made of the noise, and the logits of the images given and made.
    """
    noise, images = keras.Input((8,), name="noise"), keras.Input((8, 8, 2), name="images")
    artist, critic = _generator(), _discriminator()
    made = artist(noise)
    return keras.Model([noise, images], [made, critic(images), critic(made)], name="gan")
