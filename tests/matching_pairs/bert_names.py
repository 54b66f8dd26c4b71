"""A BERT under the names of google-research/bert against a functional Keras one without heads.

The pretraining heads of the checkpoint have layers of the encoder's shapes, and belong nowhere.
"""

import keras

from matching_pairs.support import layers as dense
from matching_pairs.support import norm

_HIDDEN, _HEADS, _WIDE, _DEPTH, _WORDS, _PLACES = 48, 4, 96, 12, 300, 64
_AFFINE = ("beta", "gamma")


def _dense_shapes(scope, inputs, outputs):
    return {f"{scope}/kernel": (inputs, outputs), f"{scope}/bias": (outputs,)}


def _norm_shapes(scope):
    return {f"{scope}/{role}": (_HIDDEN,) for role in _AFFINE}


def _layer_shapes(scope):
    found = {}
    for name in ("query", "key", "value"):
        found |= _dense_shapes(f"{scope}/attention/self/{name}", _HIDDEN, _HIDDEN)
    found |= _dense_shapes(f"{scope}/attention/output/dense", _HIDDEN, _HIDDEN)
    found |= _norm_shapes(f"{scope}/attention/output/LayerNorm")
    found |= _dense_shapes(f"{scope}/intermediate/dense", _HIDDEN, _WIDE)
    found |= _dense_shapes(f"{scope}/output/dense", _WIDE, _HIDDEN)
    return found | _norm_shapes(f"{scope}/output/LayerNorm")


SOURCES = {
    "bert/embeddings/word_embeddings": (_WORDS, _HIDDEN),
    "bert/embeddings/token_type_embeddings": (2, _HIDDEN),
    "bert/embeddings/position_embeddings": (_PLACES, _HIDDEN),
    **_norm_shapes("bert/embeddings/LayerNorm"),
}
TRUTH = {
    "words/embeddings": "bert/embeddings/word_embeddings",
    "segments/embeddings": "bert/embeddings/token_type_embeddings",
    "places/embeddings": "bert/embeddings/position_embeddings",
    **norm("input_norm", "bert/embeddings/LayerNorm", roles=_AFFINE),
    **dense("summary", "bert/pooler/dense"),
}
for _number in range(_DEPTH):
    _scope, _prefix = f"bert/encoder/layer_{_number}", f"transformer_{_number}"
    SOURCES |= _layer_shapes(_scope)
    for _name in ("query", "key", "value"):
        TRUTH |= dense(f"{_prefix}_attention/{_name}", f"{_scope}/attention/self/{_name}")
    _output = f"{_scope}/attention/output"
    TRUTH |= dense(f"{_prefix}_attention/attention_output", f"{_output}/dense")
    TRUTH |= norm(f"{_prefix}_attention_norm", f"{_output}/LayerNorm", roles=_AFFINE)
    TRUTH |= dense(f"{_prefix}_up", f"{_scope}/intermediate/dense")
    TRUTH |= dense(f"{_prefix}_down", f"{_scope}/output/dense")
    TRUTH |= norm(f"{_prefix}_norm", f"{_scope}/output/LayerNorm", roles=_AFFINE)
SOURCES |= _dense_shapes("bert/pooler/dense", _HIDDEN, _HIDDEN)
SOURCES |= _dense_shapes("cls/predictions/transform/dense", _HIDDEN, _HIDDEN)
SOURCES |= _norm_shapes("cls/predictions/transform/LayerNorm")
SOURCES |= {
    "cls/predictions/output_bias": (_WORDS,),
    "cls/seq_relationship/output_weights": (2, _HIDDEN),
    "cls/seq_relationship/output_bias": (2,),
}


def _transformer(x, prefix):
    layers = keras.layers
    attention = layers.MultiHeadAttention(_HEADS, _HIDDEN // _HEADS, name=f"{prefix}_attention")
    x = layers.LayerNormalization(name=f"{prefix}_attention_norm")(x + attention(x, x))
    y = layers.Dense(_WIDE, activation="gelu", name=f"{prefix}_up")(x)
    y = layers.Dense(_HIDDEN, name=f"{prefix}_down")(y)
    return layers.LayerNormalization(name=f"{prefix}_norm")(x + y)


def build():
    layers = keras.layers
    words, segments, places = (keras.Input((16,), dtype="int32") for _ in range(3))
    x = layers.Embedding(_WORDS, _HIDDEN, name="words")(words)
    x = x + layers.Embedding(2, _HIDDEN, name="segments")(segments)
    x = x + layers.Embedding(_PLACES, _HIDDEN, name="places")(places)
    x = layers.LayerNormalization(name="input_norm")(x)
    for number in range(_DEPTH):
        x = _transformer(x, f"transformer_{number}")
    first = layers.Cropping1D((0, 15))(x)
    summary = layers.Dense(_HIDDEN, activation="tanh", name="summary")(layers.Flatten()(first))
    return keras.Model([words, segments, places], [x, summary])
