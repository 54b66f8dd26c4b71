"""A Transformer under names like tensor2tensor's: encoder and decoder are made of equal parts.

Self-attention and attention to the encoder have kernels of one shape; neither has biases.
"""

import keras

from matching_pairs.support import layers as dense

_WIDTH, _HEADS, _WIDE, _DEPTH, _WORDS = 32, 4, 64, 6, 150
_BODY = "transformer/body"
_PARTS = {"query": "q", "key": "k", "value": "v", "attention_output": "output_transform"}
SOURCES = {
    "symbol_modality/input_emb": (_WORDS, _WIDTH),
    "symbol_modality/target_emb": (90, _WIDTH),
}
TRUTH = {
    "input_words/embeddings": "symbol_modality/input_emb",
    "target_words/embeddings": "symbol_modality/target_emb",
}


def _add_norm(target, scope):
    inner = f"{scope}/layer_prepostprocess/layer_norm/layer_norm"
    SOURCES.update({f"{inner}_scale": (_WIDTH,), f"{inner}_bias": (_WIDTH,)})
    TRUTH.update({f"{target}/gamma": f"{inner}_scale", f"{target}/beta": f"{inner}_bias"})


def _add_attention(target, scope):
    for name, leaf in _PARTS.items():
        source = f"{scope}/multihead_attention/{leaf}/kernel"
        SOURCES[source] = (_WIDTH, _WIDTH)
        TRUTH[f"{target}/{name}/kernel"] = source


def _add_dense(target, scope, shape):
    SOURCES.update({f"{scope}/kernel": shape, f"{scope}/bias": shape[-1:]})
    TRUTH.update(dense(target, scope))


for _side, _attentions in (
    ("encoder", {"self": "self_attention"}),
    ("decoder", {"self": "self_attention", "cross": "encdec_attention"}),
):
    for _number in range(_DEPTH):
        _scope, _target = f"{_BODY}/{_side}/layer_{_number}", f"{_side}_{_number}"
        for _name, _leaf in _attentions.items():
            _add_norm(f"{_target}_{_name}_norm", f"{_scope}/{_leaf}")
            _add_attention(f"{_target}_{_name}", f"{_scope}/{_leaf}")
        _add_norm(f"{_target}_ffn_norm", f"{_scope}/ffn")
        _add_dense(f"{_target}_expand", f"{_scope}/ffn/conv1", (_WIDTH, _WIDE))
        _add_dense(f"{_target}_contract", f"{_scope}/ffn/conv2", (_WIDE, _WIDTH))
    _add_norm(f"{_side}_norm", f"{_BODY}/{_side}")


def _attend(x, memory, name):
    layers = keras.layers
    y = layers.LayerNormalization(name=f"{name}_norm")(x)
    size = _WIDTH // _HEADS
    attention = layers.MultiHeadAttention(_HEADS, size, use_bias=False, name=name)
    return x + attention(y, y if memory is None else memory)


def _feed(x, name):
    layers = keras.layers
    y = layers.LayerNormalization(name=f"{name}_ffn_norm")(x)
    y = layers.Dense(_WIDE, activation="relu", name=f"{name}_expand")(y)
    return x + layers.Dense(_WIDTH, name=f"{name}_contract")(y)


def build():
    layers = keras.layers
    words, targets = keras.Input((12,), dtype="int32"), keras.Input((10,), dtype="int32")
    x = layers.Embedding(_WORDS, _WIDTH, name="input_words")(words)
    for number in range(_DEPTH):
        x = _feed(_attend(x, None, f"encoder_{number}_self"), f"encoder_{number}")
    memory = layers.LayerNormalization(name="encoder_norm")(x)
    y = layers.Embedding(90, _WIDTH, name="target_words")(targets)
    for number in range(_DEPTH):
        y = _attend(y, None, f"decoder_{number}_self")
        y = _feed(_attend(y, memory, f"decoder_{number}_cross"), f"decoder_{number}")
    return keras.Model([words, targets], layers.LayerNormalization(name="decoder_norm")(y))
