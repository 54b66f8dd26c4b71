"""InceptionResNetV2, most of whose Keras layers have nothing but numbers, against slim's."""

import keras

from matching_pairs.support import NORM_WITHOUT_GAMMA, norm, numbered, read_dump, slim

_ROOT = "InceptionResnetV2"
SOURCES = read_dump("inception_resnet_v2")
_PLAIN = [
    name.removesuffix("/weights")
    for name in SOURCES
    if name.endswith("/weights") and f"{name.removesuffix('weights')}BatchNorm/beta" in SOURCES
]
_PLAIN = [s for s in _PLAIN if "AuxLogits" not in s and not s.endswith("Conv2d_7b_1x1")]
TRUTH = {
    **slim("conv_7b", f"{_ROOT}/Conv2d_7b_1x1", bias=False),
    **norm("conv_7b_bn", f"{_ROOT}/Conv2d_7b_1x1/BatchNorm", roles=NORM_WITHOUT_GAMMA),
    **slim("predictions", f"{_ROOT}/Logits/Logits"),
    **slim("block8_10_conv", f"{_ROOT}/Block8/Conv2d_1x1"),
}
for _number, _scope in enumerate(_PLAIN):
    TRUTH |= slim(numbered("conv2d", _number), _scope, bias=False)
    _norm = numbered("batch_normalization", _number)
    TRUTH |= norm(_norm, f"{_scope}/BatchNorm", roles=NORM_WITHOUT_GAMMA)
for _repeat, _count in (("Repeat/block35", 10), ("Repeat_1/block17", 20), ("Repeat_2/block8", 9)):
    for _number in range(1, _count + 1):
        _scope = f"{_ROOT}/{_repeat}_{_number}/Conv2d_1x1"
        TRUTH |= slim(f"{_repeat.partition('/')[2]}_{_number}_conv", _scope)


def build():
    return keras.applications.InceptionResNetV2(weights=None)
