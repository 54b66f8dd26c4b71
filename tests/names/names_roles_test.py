"""Roles: a hint for the leaves that TensorFlow-1 code used, 'unknown' for all others."""

import pytest

from tf1compat.names import ROLES, role_of

LEAVES = {
    # tf.layers
    "kernel": "kernel",
    "bias": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "moving_mean": "moving_mean",
    "moving_variance": "moving_variance",
    "depthwise_kernel": "depthwise_kernel",
    "pointwise_kernel": "pointwise_kernel",
    "renorm_mean": "renorm",
    "renorm_stddev_weight": "renorm",
    "moving_stddev": "moving_stddev",
    "running_std": "moving_stddev",
    # tf-slim and contrib
    "weights": "kernel",
    "biases": "bias",
    "depthwise_weights": "depthwise_kernel",
    "pointwise_weights": "pointwise_kernel",
    "alpha": "alpha",
    # tutorials and well-known repositories
    "W": "kernel",
    "b": "bias",
    "Matrix": "kernel",
    "Bias": "bias",
    "w1": "kernel",
    "b2": "bias",
    "weights_0": "kernel",
    "softmax_w": "kernel",
    "softmax_b": "bias",
    "W_h": "kernel",
    "layer_norm_scale": "gamma",  # Tensor2Tensor
    "layer_norm_bias": "beta",
    "bias_reduce_c": "bias",
    "fc_weights": "kernel",
    "filter": "kernel",
    # recurrent cells
    "w_f_diag": "peephole",
    "w_o_diag": "peephole",
    "recurrent_kernel": "recurrent_kernel",
    # embeddings, BERT, Sonnet
    "word_embeddings": "embedding",
    "token_type_embeddings": "embedding",
    "_char_embeddings": "embedding",
    "lookup_table": "embedding",
    "wte": "embedding",
    "output_weights": "kernel",
    "output_bias": "bias",
    "embedding_bias": "bias",
    "w_gates": "kernel",
    "b_gates": "bias",
    "offset": "beta",
    "scale": "gamma",
    "u": "norm_vector",
    # nothing to say
    "transitions": "unknown",
    "Variable_3": "unknown",
    "beta1_power": "unknown",
    "global_step": "unknown",
    "Adam": "unknown",
    "": "unknown",
    "v": "unknown",
    "x" * 100_000: "unknown",
}


@pytest.mark.parametrize(("leaf", "role"), LEAVES.items(), ids=[leaf[:20] for leaf in LEAVES])
def test_role_of_a_leaf(leaf, role):
    assert role_of(leaf) == role


@pytest.mark.parametrize(
    ("leaf", "scope", "role"),
    [
        ("g", "model/h0/ln_1", "gamma"),  # GPT-2
        ("b", "model/ln_f", "beta"),
        ("b", "model/h0/attn/c_attn", "bias"),
        ("g", "model/h0/mlp", "unknown"),
        ("bias", "encoder/LayerNorm_1", "beta"),
        ("bias", "normalizer", "bias"),
        ("kernel", "batch_norm", "kernel"),
        ("variance", "bn2", "moving_variance"),
        ("variance", "policy", "unknown"),
    ],
)
def test_a_normalization_scope_changes_short_leaves(leaf, scope, role):
    assert role_of(leaf, scope) == role


def test_every_answer_is_a_listed_role():
    assert set(LEAVES.values()) <= set(ROLES)
    assert len(set(ROLES)) == len(ROLES)
