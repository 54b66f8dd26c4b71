"""DenseNet121 against the names of a well-known one in TF-slim."""

import keras

from matching_pairs.support import norm, read_dump, slim

_DEPTHS = (6, 12, 24, 16)
SOURCES = read_dump("densenet121")
TRUTH = {
    **slim("conv1_conv", "densenet121/conv1", bias=False),
    **norm("conv1_bn", "densenet121/BatchNorm"),
    **norm("bn", "densenet121/final_block/BatchNorm"),
    **slim("predictions", "densenet121/logits"),
}
for _block, _depth in enumerate(_DEPTHS, 1):
    for _place in range(1, _depth + 1):
        _prefix = f"conv{_block + 1}_block{_place}"
        _scope = f"densenet121/dense_block{_block}/conv_block{_place}"
        TRUTH |= norm(f"{_prefix}_0_bn", f"{_scope}/x1/BatchNorm")
        TRUTH |= slim(f"{_prefix}_1_conv", f"{_scope}/x1/Conv", bias=False)
        TRUTH |= norm(f"{_prefix}_1_bn", f"{_scope}/x2/BatchNorm")
        TRUTH |= slim(f"{_prefix}_2_conv", f"{_scope}/x2/Conv", bias=False)
    if _block < len(_DEPTHS):
        _scope = f"densenet121/transition_block{_block}/blk"
        TRUTH |= norm(f"pool{_block + 1}_bn", f"{_scope}/BatchNorm")
        TRUTH |= slim(f"pool{_block + 1}_conv", f"{_scope}/Conv", bias=False)


def build():
    return keras.applications.DenseNet121(weights=None)
