"""EfficientNetB0 against the official TPU checkpoint's names, with its averages and global step.

Keras' model normalises its inputs by itself; nothing in the checkpoint belongs there.
"""

import keras

from matching_pairs.support import layers, norm, numbered, read_dump

_ROOT = "efficientnet-b0"
_NORM = "tpu_batch_normalization"
_REPEATS = (1, 2, 2, 3, 3, 4, 1)
SOURCES = read_dump("efficientnet_b0")
TRUTH = {
    **dict.fromkeys(("normalization/mean", "normalization/variance", "normalization/count")),
    **layers("stem_conv", f"{_ROOT}/stem/conv2d", bias=False),
    **norm("stem_bn", f"{_ROOT}/stem/{_NORM}"),
    **layers("top_conv", f"{_ROOT}/head/conv2d", bias=False),
    **norm("top_bn", f"{_ROOT}/head/{_NORM}"),
    **layers("predictions", f"{_ROOT}/head/dense"),
}
_blocks = [f"block{s}{'abcd'[i]}" for s, n in enumerate(_REPEATS, 1) for i in range(n)]
for _number, _prefix in enumerate(_blocks):
    _scope = f"{_ROOT}/blocks_{_number}"
    _expands = int(_number > 0)
    if _expands:
        TRUTH |= layers(f"{_prefix}_expand_conv", f"{_scope}/conv2d", bias=False)
        TRUTH |= norm(f"{_prefix}_expand_bn", f"{_scope}/{_NORM}")
    TRUTH[f"{_prefix}_dwconv/kernel"] = f"{_scope}/depthwise_conv2d/depthwise_kernel"
    TRUTH |= norm(f"{_prefix}_bn", f"{_scope}/{numbered(_NORM, _expands)}")
    TRUTH |= layers(f"{_prefix}_se_reduce", f"{_scope}/se/conv2d")
    TRUTH |= layers(f"{_prefix}_se_expand", f"{_scope}/se/conv2d_1")
    TRUTH |= layers(
        f"{_prefix}_project_conv", f"{_scope}/{numbered('conv2d', _expands)}", bias=False
    )
    TRUTH |= norm(f"{_prefix}_project_bn", f"{_scope}/{numbered(_NORM, _expands + 1)}")


def build():
    return keras.applications.EfficientNetB0(weights=None)
