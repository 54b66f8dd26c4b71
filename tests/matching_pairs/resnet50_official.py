"""ResNet50 against the official TF1 one, whose names are but numbers in another order."""

import keras

from matching_pairs.official_resnet_layer_names import Names, units

_NAMES = Names()
_NAMES.conv("conv1_conv", (7, 7, 3, 64), biased=True)
_NAMES.norm("conv1_bn", 64)
for _unit, _in, _narrow, _shortcut in units():
    if _shortcut:
        _NAMES.conv(f"{_unit}_0_conv", (1, 1, _in, 4 * _narrow), biased=True)
        _NAMES.norm(f"{_unit}_0_bn", 4 * _narrow)
    _NAMES.conv(f"{_unit}_1_conv", (1, 1, _in, _narrow), biased=True)
    _NAMES.norm(f"{_unit}_1_bn", _narrow)
    _NAMES.conv(f"{_unit}_2_conv", (3, 3, _narrow, _narrow), biased=True)
    _NAMES.norm(f"{_unit}_2_bn", _narrow)
    _NAMES.conv(f"{_unit}_3_conv", (1, 1, _narrow, 4 * _narrow), biased=True)
    _NAMES.norm(f"{_unit}_3_bn", 4 * _narrow)
_NAMES.dense()
SOURCES, TRUTH = _NAMES.sources, _NAMES.truth


def build():
    return keras.applications.ResNet50(weights=None)
