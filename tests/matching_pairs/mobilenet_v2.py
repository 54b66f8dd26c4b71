"""MobileNetV2 against slim's MobilenetV2."""

import keras

from matching_pairs.support import depthwise, norm, numbered, read_dump, slim

SOURCES = read_dump("mobilenet_v2")
TRUTH = {
    **slim("Conv1", "MobilenetV2/Conv", bias=False),
    **norm("bn_Conv1", "MobilenetV2/Conv/BatchNorm"),
    **slim("Conv_1", "MobilenetV2/Conv_1", bias=False),
    **norm("Conv_1_bn", "MobilenetV2/Conv_1/BatchNorm"),
    **slim("predictions", "MobilenetV2/Logits/Conv2d_1c_1x1"),
}
for _block in range(17):
    _prefix = f"block_{_block}" if _block else "expanded_conv"
    _scope = f"MobilenetV2/{numbered('expanded_conv', _block)}"
    if _block:
        TRUTH |= slim(f"{_prefix}_expand", f"{_scope}/expand", bias=False)
        TRUTH |= norm(f"{_prefix}_expand_BN", f"{_scope}/expand/BatchNorm")
    TRUTH |= depthwise(f"{_prefix}_depthwise", f"{_scope}/depthwise")
    TRUTH |= norm(f"{_prefix}_depthwise_BN", f"{_scope}/depthwise/BatchNorm")
    TRUTH |= slim(f"{_prefix}_project", f"{_scope}/project", bias=False)
    TRUTH |= norm(f"{_prefix}_project_BN", f"{_scope}/project/BatchNorm")


def build():
    return keras.applications.MobileNetV2(weights=None)
