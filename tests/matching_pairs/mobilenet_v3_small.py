"""MobileNetV3Small against slim's MobilenetV3, some of whose blocks squeeze and excite."""

import keras

from matching_pairs.support import depthwise, norm, numbered, read_dump, slim

_SQUEEZED = (0, 3, 4, 5, 6, 7, 8, 9, 10)
SOURCES = read_dump("mobilenet_v3_small")
TRUTH = {
    **slim("conv", "MobilenetV3/Conv", bias=False),
    **norm("conv_bn", "MobilenetV3/Conv/BatchNorm"),
    **slim("conv_1", "MobilenetV3/Conv_1", bias=False),
    **norm("conv_1_bn", "MobilenetV3/Conv_1/BatchNorm"),
    **slim("conv_2", "MobilenetV3/Conv_2"),
    **slim("logits", "MobilenetV3/Logits/Conv2d_1c_1x1"),
}
for _block in range(11):
    _prefix = numbered("expanded_conv", _block)
    _scope = f"MobilenetV3/{_prefix}"
    if _block:
        TRUTH |= slim(f"{_prefix}_expand", f"{_scope}/expand", bias=False)
        TRUTH |= norm(f"{_prefix}_expand_bn", f"{_scope}/expand/BatchNorm")
    TRUTH |= depthwise(f"{_prefix}_depthwise", f"{_scope}/depthwise")
    TRUTH |= norm(f"{_prefix}_depthwise_bn", f"{_scope}/depthwise/BatchNorm")
    if _block in _SQUEEZED:
        TRUTH |= slim(f"{_prefix}_squeeze_excite_conv", f"{_scope}/squeeze_excite/Conv")
        TRUTH |= slim(f"{_prefix}_squeeze_excite_conv_1", f"{_scope}/squeeze_excite/Conv_1")
    TRUTH |= slim(f"{_prefix}_project", f"{_scope}/project", bias=False)
    TRUTH |= norm(f"{_prefix}_project_bn", f"{_scope}/project/BatchNorm")


def build():
    return keras.applications.MobileNetV3Small(weights=None)
