"""A U-Net as hand-written ones are: several variables in a scope, the way up numbered backwards."""

import keras

_DEPTH, _ROOT = 4, 8
SOURCES = {}
TRUTH = {}


def _add(target, scope, shape, *, number):
    out = shape[-2] if number == "d" else shape[-1]
    weight, bias = f"{scope}/w{number}", f"{scope}/b{number}"
    SOURCES.update({weight: shape, bias: (out,)})
    TRUTH.update({f"{target}/kernel": weight, f"{target}/bias": bias})


_channels = 1
for _level in range(_DEPTH):
    _width = _ROOT * 2**_level
    for _number, _in in (("1", _channels), ("2", _width)):
        _shape = (3, 3, _in, _width)
        _add(f"encode_{_level}_{_number}", f"down_conv_{_level}", _shape, number=_number)
    _channels = _width
for _level in reversed(range(_DEPTH - 1)):
    _width = _ROOT * 2**_level
    _scope = f"up_conv_{_level}"
    _add(f"widen_{_level}", _scope, (2, 2, _width, 2 * _width), number="d")
    _add(f"decode_{_level}_1", _scope, (3, 3, 2 * _width, _width), number="1")
    _add(f"decode_{_level}_2", _scope, (3, 3, _width, _width), number="2")
SOURCES |= {"output_map/weight": (1, 1, _ROOT, 2), "output_map/bias": (2,)}
TRUTH |= {"map/kernel": "output_map/weight", "map/bias": "output_map/bias"}


def _conv(x, width, name):
    return keras.layers.Conv2D(width, 3, padding="same", activation="relu", name=name)(x)


def build():
    x = images = keras.Input((32, 32, 1))
    skipped = []
    for level in range(_DEPTH):
        x = _conv(x, _ROOT * 2**level, f"encode_{level}_1")
        x = _conv(x, _ROOT * 2**level, f"encode_{level}_2")
        skipped.append(x)
        x = keras.layers.MaxPooling2D()(x) if level < _DEPTH - 1 else x
    for level in reversed(range(_DEPTH - 1)):
        width = _ROOT * 2**level
        x = keras.layers.Conv2DTranspose(width, 2, strides=2, name=f"widen_{level}")(x)
        x = keras.layers.Concatenate()([skipped[level], x])
        x = _conv(_conv(x, width, f"decode_{level}_1"), width, f"decode_{level}_2")
    return keras.Model(images, keras.layers.Conv2D(2, 1, name="map")(x))
