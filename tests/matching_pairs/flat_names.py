"""A flat v1 network under automatic names of tf.layers against nested Keras models.

Many layers share one shape: only the numbers on the one side and the nesting on the other tell.
"""

import keras

from matching_pairs.support import layers, norm, numbered

_WIDTHS = (16, 16, 24, 24, 24, 24, 24, 16)
_BLOCKS = [f"stage_{i // 2}/block_{i % 2}" for i in range(len(_WIDTHS))]
SOURCES = {}
TRUTH = {**layers("top/hidden", "dense"), **layers("top/scores", "dense_1")}
_channels = 3
for _number, _width in enumerate(_WIDTHS):
    _conv, _norm = numbered("conv2d", _number), numbered("batch_normalization", _number)
    SOURCES[f"{_conv}/kernel"] = (3, 3, _channels, _width)
    SOURCES |= dict.fromkeys(norm("", _norm).values(), (_width,))
    TRUTH |= layers(f"{_BLOCKS[_number]}/conv", _conv, bias=False)
    TRUTH |= norm(f"{_BLOCKS[_number]}/norm", _norm)
    _channels = _width
SOURCES |= {"dense/kernel": (16, 16), "dense/bias": (16,)}
SOURCES |= {"dense_1/kernel": (16, 16), "dense_1/bias": (16,)}


def _block(width, name):
    parts = [
        keras.layers.Conv2D(width, 3, padding="same", use_bias=False, name="conv"),
        keras.layers.BatchNormalization(name="norm"),
        keras.layers.ReLU(),
    ]
    return keras.Sequential(parts, name=name)


def build():
    images = x = keras.Input((16, 16, 3))
    for stage in range(4):
        widths = _WIDTHS[2 * stage : 2 * stage + 2]
        blocks = [_block(width, f"block_{i}") for i, width in enumerate(widths)]
        x = keras.Sequential(blocks, name=f"stage_{stage}")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    hidden = keras.layers.Dense(16, activation="relu", name="hidden")
    scores = keras.layers.Dense(16, name="scores")
    return keras.Model(images, keras.Sequential([hidden, scores], name="top")(x))
