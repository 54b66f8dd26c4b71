"""A GAN with two Adams and equal layers in both nets, against Keras models in the other order."""

import keras

from matching_pairs.chains import dense_shapes, sequential
from matching_pairs.support import layers

_NETS = ("generator", "discriminator")
SOURCES = {}
TRUTH = {}
for _net in _NETS:
    for _number in range(1, 4):
        SOURCES |= dense_shapes(f"{_net}/h{_number}", 8, 8)
        TRUTH |= layers(f"{_net}/layer_{_number}", f"{_net}/h{_number}")
for _name, _shape in dict(SOURCES).items():
    SOURCES |= {f"{_name}/Adam": _shape, f"{_name}/Adam_1": _shape}
for _power in ("beta1_power", "beta2_power", "beta1_power_1", "beta2_power_1"):
    SOURCES[_power] = ()


def build():
    noise, real = keras.Input((8,)), keras.Input((8,))
    names = tuple(f"layer_{number}" for number in range(1, 4))
    discriminator = sequential((8,) * 4, names=names, name="discriminator")
    generator = sequential((8,) * 4, names=names, name="generator")
    return keras.Model([noise, real], [discriminator(real), generator(noise)])
