"""A Keras model of BERT-large's weights (`make_bert_large.py`): what takes them, layer by layer.

What it computes is no BERT: attention is left out. It's for the time that files and weights take.
"""

import keras
from make_bert_large import INNER, LAYERS, VOCABULARY, WIDTH

layers = keras.layers


class _Bert:
    """Makes the layers, their kernels initialised alike."""

    def __init__(self, kernels: str) -> None:
        self._kernels = kernels

    def model(self) -> keras.Model:
        inputs = [keras.Input((8,), dtype="int32") for _ in range(3)]
        words = self._embed(inputs[0], VOCABULARY, "word_embeddings")
        kinds = self._embed(inputs[1], 2, "token_type_embeddings")
        places = self._embed(inputs[2], 512, "position_embeddings")
        x = _norm("bert/embeddings", words + kinds + places)
        for number in range(LAYERS):
            x = self._block(x, f"bert/encoder/layer_{number}")
        pooled = self._dense("bert/pooler/dense", x)
        scored = self._dense("cls/predictions/transform/dense", x)
        scored = _norm("cls/predictions/transform", scored)
        return keras.Model(inputs, [pooled, scored])

    def _block(self, x: keras.KerasTensor, scope: str) -> keras.KerasTensor:
        query, key, value = (
            self._dense(f"{scope}/attention/self/{name}", x) for name in ("query", "key", "value")
        )
        y = self._dense(f"{scope}/attention/output/dense", query + key + value)
        x = _norm(f"{scope}/attention/output", x + y)
        y = self._dense(f"{scope}/intermediate/dense", x, INNER)
        return _norm(f"{scope}/output", x + self._dense(f"{scope}/output/dense", y))

    def _dense(self, scope: str, x: keras.KerasTensor, width: int = WIDTH) -> keras.KerasTensor:
        return layers.Dense(width, kernel_initializer=self._kernels, name=_name(scope))(x)

    def _embed(self, ids: keras.KerasTensor, size: int, name: str) -> keras.KerasTensor:
        name = _name(f"bert/embeddings/{name}")
        embed = layers.Embedding(size, WIDTH, embeddings_initializer=self._kernels, name=name)
        return embed(ids)


def _name(scope: str) -> str:
    return scope.replace("/", ".")


def _norm(scope: str, x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.LayerNormalization(name=_name(f"{scope}/LayerNorm"))(x)


def build() -> keras.Model:
    """Returns the model: 335 M parameters, initialised as Keras does by default."""
    return _Bert("glorot_uniform").model()


def build_of_zeros() -> keras.Model:
    """Returns the model with kernels of zeros, which take less time to make than any others."""
    return _Bert("zeros").model()
