"""ResNet50V2 against the official TF1 one, whose names are but numbers in another order."""

import keras

from matching_pairs.official_resnet_layer_names import Names, units

_NAMES = Names()
_NAMES.conv("conv1_conv", (7, 7, 3, 64), biased=True)
for _unit, _in, _narrow, _shortcut in units():
    _NAMES.norm(f"{_unit}_preact_bn", _in)
    if _shortcut:
        _NAMES.conv(f"{_unit}_0_conv", (1, 1, _in, 4 * _narrow), biased=True)
    _NAMES.conv(f"{_unit}_1_conv", (1, 1, _in, _narrow), biased=False)
    _NAMES.norm(f"{_unit}_1_bn", _narrow)
    _NAMES.conv(f"{_unit}_2_conv", (3, 3, _narrow, _narrow), biased=False)
    _NAMES.norm(f"{_unit}_2_bn", _narrow)
    _NAMES.conv(f"{_unit}_3_conv", (1, 1, _narrow, 4 * _narrow), biased=True)
_NAMES.norm("post_bn", 2048)
_NAMES.dense()
SOURCES, TRUTH = _NAMES.sources, _NAMES.truth


def build():
    return keras.applications.ResNet50V2(weights=None)
