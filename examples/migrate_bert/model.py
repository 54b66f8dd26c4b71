"""A small BERT with both pretraining heads, as a subclassed model of nested layers.

Attention is Keras' own ``MultiHeadAttention``, whose kernels are ``[hidden, heads, size]`` where
the checkpoint has ``[hidden, hidden]``; the output weights of the masked-language model are the
word embeddings themselves.
"""

from collections.abc import Sequence

import keras
from keras import layers, ops

VOCABULARY, POSITIONS, SEGMENTS = 48, 16, 2
HIDDEN, HEADS, WIDE, DEPTH = 24, 3, 40, 2
LENGTH = 10


def _norm(name: str) -> layers.LayerNormalization:
    return layers.LayerNormalization(epsilon=1e-12, name=name)


def _gelu(x: keras.KerasTensor) -> keras.KerasTensor:
    return keras.activations.gelu(x, approximate=True)


class TextEmbedding(layers.Layer):
    """``[B, T]`` tokens and segments -> ``[B, T, HIDDEN]``."""

    def __init__(self, **kwargs: str) -> None:
        super().__init__(**kwargs)
        self.tokens = layers.Embedding(VOCABULARY, HIDDEN, name="tokens")
        self.places = layers.Embedding(POSITIONS, HIDDEN, name="places")
        self.segments = layers.Embedding(SEGMENTS, HIDDEN, name="segments")
        self.norm = _norm("norm")

    def call(self, tokens: keras.KerasTensor, segments: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the normalised sum of the three embeddings."""
        places = self.places(ops.arange(ops.shape(tokens)[1]))
        return self.norm(self.tokens(tokens) + self.segments(segments) + places)


class TransformerBlock(layers.Layer):
    """Attention and a feed-forward part, each added to its input and normalised."""

    def __init__(self, **kwargs: str) -> None:
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(HEADS, HIDDEN // HEADS, name="attention")
        self.attention_norm = _norm("attention_norm")
        self.widen = layers.Dense(WIDE, activation=_gelu, name="widen")
        self.narrow = layers.Dense(HIDDEN, name="narrow")
        self.output_norm = _norm("output_norm")

    def call(self, x: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        """``[B, T, HIDDEN]`` and mask ``[B, 1, T]`` -> ``[B, T, HIDDEN]``."""
        x = self.attention_norm(x + self.attention(x, x, attention_mask=mask))
        return self.output_norm(x + self.narrow(self.widen(x)))


class TokenPrediction(layers.Layer):
    """Scores every token of the vocabulary at every place, by a table of embeddings given to it."""

    def __init__(self, **kwargs: str) -> None:
        super().__init__(**kwargs)
        self.transform = layers.Dense(HIDDEN, activation=_gelu, name="transform")
        self.norm = _norm("norm")

    def build(self, states_shape: Sequence[int], table_shape: Sequence[int]) -> None:
        """Makes the variables; `table_shape` is ``[VOCABULARY, HIDDEN]``."""
        self.transform.build(states_shape)
        self.norm.build(states_shape)
        self.bias = self.add_weight(shape=(table_shape[0],), initializer="zeros", name="bias")

    def call(self, states: keras.KerasTensor, table: keras.KerasTensor) -> keras.KerasTensor:
        """``[B, T, HIDDEN]`` and ``[VOCABULARY, HIDDEN]`` -> ``[B, T, VOCABULARY]``."""
        states = self.norm(self.transform(states))
        return ops.matmul(states, ops.transpose(table)) + self.bias


class Bert(keras.Model):
    """``[tokens, mask, segments]``, each ``[B, T]`` -> states, pooled, token and pair scores."""

    def __init__(self, **kwargs: str) -> None:
        super().__init__(**kwargs)
        self.embedding = TextEmbedding(name="embedding")
        self.blocks = [TransformerBlock(name=f"block_{index}") for index in range(DEPTH)]
        self.pooler = layers.Dense(HIDDEN, activation="tanh", name="pooler")
        self.token_prediction = TokenPrediction(name="token_prediction")
        self.pair_prediction = layers.Dense(2, name="pair_prediction")

    def call(self, inputs: Sequence[keras.KerasTensor]) -> tuple[keras.KerasTensor, ...]:
        """Returns states ``[B, T, HIDDEN]``, pooled ``[B, HIDDEN]`` and both heads' scores."""
        tokens, mask, segments = inputs
        x = self.embedding(tokens, segments)
        for block in self.blocks:
            x = block(x, ops.cast(mask, "bool")[:, None, :])
        pooled = self.pooler(x[:, 0])
        scores = self.token_prediction(x, self.embedding.tokens.embeddings)
        return x, pooled, scores, self.pair_prediction(pooled)


def build_model() -> keras.Model:
    """Returns a built :class:`Bert`."""
    model = Bert(name="small_bert")
    model([keras.Input((LENGTH,), dtype="int32") for _ in range(3)])
    return model
