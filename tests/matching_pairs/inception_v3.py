"""InceptionV3, whose Keras layers have nothing but numbers, against slim's; the side head is extra.

The original's names are irregular (``Mixed_5c/Branch_1/Conv_1_0c_5x5``), but both sides create
their convolutions in one order.
"""

import keras

from matching_pairs.support import NORM_WITHOUT_GAMMA, norm, numbered, read_dump, slim

SOURCES = read_dump("inception_v3")
_CONVOLUTIONS = [
    name.removesuffix("/weights")
    for name in SOURCES
    if name.endswith("/weights") and "Logits" not in name
]
TRUTH = slim("predictions", "InceptionV3/Logits/Conv2d_1c_1x1")
for _number, _scope in enumerate(_CONVOLUTIONS):
    TRUTH |= slim(numbered("conv2d", _number), _scope, bias=False)
    _norm = numbered("batch_normalization", _number)
    TRUTH |= norm(_norm, f"{_scope}/BatchNorm", roles=NORM_WITHOUT_GAMMA)


def build():
    return keras.applications.InceptionV3(weights=None)
