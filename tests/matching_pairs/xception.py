"""Xception against a well-known one in TF-slim.

That one has biases, which Keras' hasn't; its normalisations have no gamma, which Keras' have; and
it has one more layer at the end.
"""

import keras

from matching_pairs.support import NORM_WITHOUT_GAMMA, norm, numbered, read_dump, slim

SOURCES = read_dump("xception")
TRUTH = slim("predictions", "Xception/block15_conv2")


def _norm(target, scope):
    return {f"{target}/gamma": None, **norm(target, scope, roles=NORM_WITHOUT_GAMMA)}


for _place in (1, 2):
    TRUTH |= slim(f"block1_conv{_place}", f"Xception/block1_conv{_place}", bias=False)
    TRUTH |= _norm(f"block1_conv{_place}_bn", f"Xception/block1_bn{_place}")
for _number, _block in enumerate((1, 2, 3, 12)):
    TRUTH |= slim(numbered("conv2d", _number), f"Xception/block{_block}_res_conv", bias=False)
    TRUTH |= _norm(numbered("batch_normalization", _number), f"Xception/block{_block}_res_bn")
for _block in (*range(2, 13), 13, 14):
    for _place in (1, 2, 3) if 5 <= _block <= 12 else (1, 2):
        _target = f"block{_block}_sepconv{_place}"
        _scope = f"Xception/block{_block}_dws_conv{_place}"
        TRUTH[f"{_target}/depthwise_kernel"] = f"{_scope}/depthwise_weights"
        TRUTH[f"{_target}/pointwise_kernel"] = f"{_scope}/pointwise_weights"
        TRUTH |= _norm(f"{_target}_bn", f"Xception/block{_block}_bn{_place}")


def build():
    return keras.applications.Xception(weights=None)
