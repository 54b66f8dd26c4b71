"""MobileNet against slim's MobilenetV1."""

import keras

from matching_pairs.support import depthwise, norm, read_dump, slim

SOURCES = read_dump("mobilenet_v1")
TRUTH = {
    **slim("conv1", "MobilenetV1/Conv2d_0", bias=False),
    **norm("conv1_bn", "MobilenetV1/Conv2d_0/BatchNorm"),
    **slim("conv_preds", "MobilenetV1/Logits/Conv2d_1c_1x1"),
}
for _block in range(1, 14):
    _scope = f"MobilenetV1/Conv2d_{_block}"
    TRUTH |= depthwise(f"conv_dw_{_block}", f"{_scope}_depthwise")
    TRUTH |= norm(f"conv_dw_{_block}_bn", f"{_scope}_depthwise/BatchNorm")
    TRUTH |= slim(f"conv_pw_{_block}", f"{_scope}_pointwise", bias=False)
    TRUTH |= norm(f"conv_pw_{_block}_bn", f"{_scope}_pointwise/BatchNorm")


def build():
    return keras.applications.MobileNet(weights=None)
