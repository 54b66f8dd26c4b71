"""What a leaf name says about the part a variable plays in its layer.

TensorFlow-1 code named the same thing in a dozen ways: ``tf.layers`` wrote ``kernel``, tf-slim
``weights``, tutorials ``W``, DCGAN ``Matrix``. A role is a *hint* towards one name for all of them;
nothing is ever decided by a role alone, and a leaf that says nothing is ``'unknown'``.
"""

from __future__ import annotations

import re

__all__ = ["ROLES", "ROLE_WORDS", "STATISTICS", "role_of"]

ROLES: tuple[str, ...] = (
    "kernel",
    "recurrent_kernel",
    "depthwise_kernel",
    "pointwise_kernel",
    "bias",
    "recurrent_bias",
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
    "moving_stddev",
    "renorm",
    "embedding",
    "peephole",
    "alpha",
    "norm_vector",
    "unknown",
)
"""Every role that :func:`role_of` can answer."""

STATISTICS = frozenset({"moving_mean", "moving_variance", "moving_stddev", "renorm", "norm_vector"})
"""Roles of what follows what a layer sees, and isn't trained."""

_LEAVES: dict[str, str] = {
    leaf: role
    for role, leaves in {
        "kernel": "kernel kernels weight weights w matrix mat filter filters conv_w conv_weights "
        "output_weights softmax_w weight_mat projection_w linear_w fc_w",
        "recurrent_kernel": "recurrent_kernel recurrent_weights recurrent_w",
        "depthwise_kernel": "depthwise_kernel depthwise_weights depthwise_w w_dw depthwise_filter",
        "pointwise_kernel": "pointwise_kernel pointwise_weights pointwise_w w_pw pointwise_filter",
        "bias": "bias biases b output_bias softmax_b conv_b fc_b",
        "recurrent_bias": "recurrent_bias",
        "gamma": "gamma",
        "beta": "beta",
        "moving_mean": "moving_mean running_mean pop_mean population_mean moving_avg_mean",
        "moving_variance": "moving_variance moving_var running_var running_variance pop_var "
        "pop_variance population_variance population_var",
        "moving_stddev": "moving_stddev moving_std running_stddev running_std pop_stddev pop_std",
        "renorm": "renorm_mean renorm_stddev renorm_mean_weight renorm_stddev_weight",
        "embedding": "embedding embeddings word_embeddings word_embedding position_embeddings "
        "token_type_embeddings embedding_table embedding_matrix embedding_weights embed emb "
        "lookup lookup_table table wte wpe shared_embedding",
        "peephole": "w_f_diag w_i_diag w_o_diag wcf wci wco",
        "alpha": "alpha alphas prelu_alpha",
        "norm_vector": "u sn_u u_var spectral_norm_u",
    }.items()
    for leaf in leaves.split()
}

# Within a normalization's scope the same short leaves mean something else (GPT-2 writes ln_1/g
# and ln_1/b, Sonnet and Haiku scale and offset).
_NORM_SCOPE = re.compile(
    r"(ln|bn|norm|layer_?norm|batch_?norm|instance_?norm|group_?norm|batch_normalization"
    r"|layer_normalization|group_normalization|instance_normalization|norm_?layer)(_?([0-9]+|f))?",
    re.IGNORECASE,
)
_NORM_LEAVES: dict[str, str] = {
    "g": "gamma",
    "scale": "gamma",
    "weight": "gamma",
    "w": "gamma",
    "b": "beta",
    "bias": "beta",
    "offset": "beta",
    "shift": "beta",
    "mean": "moving_mean",
    "variance": "moving_variance",
    "var": "moving_variance",
    "std": "moving_stddev",
    "stddev": "moving_stddev",
    "sigma": "moving_stddev",
}
# Outside one, `scale` and `offset` still say what they are, only less surely.
_LOOSE_LEAVES: dict[str, str] = {"scale": "gamma", "offset": "beta", "shift": "beta"}

_WORDS: dict[str, str] = {
    "embedding": "embedding",
    "embeddings": "embedding",
    "kernel": "kernel",
    "weight": "kernel",
    "weights": "kernel",
    "matrix": "kernel",
    "filter": "kernel",
    "w": "kernel",
    "bias": "bias",
    "biases": "bias",
    "b": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "peephole": "peephole",
}
ROLE_WORDS = frozenset(_WORDS)
"""Words that say what part a variable plays, and not of what layer."""

_COUNTER = re.compile(r"_?[0-9]+$")
_LONGEST_LEAF = 100  # longer leaves are damage or malice, not names with a meaning


def role_of(leaf: str, scope: str = "") -> str:
    """Returns the role that `leaf` suggests for a variable in `scope`, one of :data:`ROLES`.

    A counter at the end (``kernel_1``, ``w2``) is ignored, and so is upper case. The scope only
    matters where it is a normalization's: there ``b`` and ``bias`` are its ``beta``.

    >>> role_of("depthwise_weights"), role_of("W"), role_of("softmax_b"), role_of("transitions")
    ('depthwise_kernel', 'kernel', 'bias', 'unknown')
    >>> role_of("b", "model/h0/ln_1"), role_of("b", "model/h0/mlp/c_fc")
    ('beta', 'bias')
    """
    if len(leaf) > _LONGEST_LEAF:
        return "unknown"
    name = leaf.lower().strip("_")
    tables = [_LEAVES, _LOOSE_LEAVES]
    if _NORM_SCOPE.fullmatch(scope.rpartition("/")[2][:_LONGEST_LEAF]):
        tables.insert(0, _NORM_LEAVES)
    around, _, last = name.rpartition("_")
    if last in _NORM_LEAVES and _NORM_SCOPE.fullmatch(around):  # layer_norm_scale, of Tensor2Tensor
        return _NORM_LEAVES[last]
    for text in (name, _COUNTER.sub("", name)):
        for table in tables:
            if text in table:
                return table[text]
    return _role_of_words(name)


def _role_of_words(name: str) -> str:
    """Returns the role that the last or else the first word of `name` suggests."""
    words = [_COUNTER.sub("", word) for word in _COUNTER.sub("", name).split("_")]
    # The first word of `beta1_power` is no offset; a `moving_...` not listed above is unknown.
    if any(word in ("power", "moving", "renorm") for word in words):
        return "unknown"  # beta1_power is no beta
    return _WORDS.get(words[-1]) or _WORDS.get(words[0], "unknown")
