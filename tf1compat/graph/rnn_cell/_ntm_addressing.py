"""How a head of the neural Turing machine finds its place (https://arxiv.org/abs/1410.5401)."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tf1compat.graph.rnn_cell.state_tuple import static_size
from tf1compat.graph.types import Tensor

__all__ = ["Head", "address"]


class Head(NamedTuple):
    """One head's parameters.

    Attributes:
      key: what to look for, [B, V].
      strength: how sharply, [B, 1].
      gate: share of the content against the weights before, [B, 1].
      shift: distribution over the shifts 0..r and -r..-1, [B, 2r + 1].
      sharpening: exponent, at least one, [B, 1].
    """

    key: Tensor
    strength: Tensor
    gate: Tensor
    shift: Tensor
    sharpening: Tensor

    @classmethod
    def parse(cls, parameters: Tensor, depth: int) -> Head:
        """Returns the head that the controller's `parameters` [B, V + 2r + 4] describe."""
        return cls(
            key=tf.tanh(parameters[:, :depth]),
            strength=tf.nn.softplus(parameters[:, depth : depth + 1]),
            gate=tf.sigmoid(parameters[:, depth + 1 : depth + 2]),
            # Shifts 0, 1, .. r, then -r .. -1: the order in which 1.15 cuts the circle open.
            shift=tf.nn.softmax(parameters[:, depth + 2 : -1]),
            # The last column, whatever the number of shifts before it.
            sharpening=tf.nn.softplus(parameters[:, -1:]) + 1,
        )


def address(head: Head, memory: Tensor, *, before: Tensor) -> Tensor:
    """Returns the head's weights [B, N] over the places of `memory` [B, N, V].

    `before` [B, N] are its weights at the step before.
    """
    similarity = _cosine(head.key, memory)
    amplified = tf.exp(head.strength * similarity)
    content = amplified / tf.reduce_sum(amplified, axis=1, keepdims=True)
    gated = head.gate * content + (1 - head.gate) * before
    shifted = _shifted(gated, head.shift)
    sharpened = tf.pow(shifted, head.sharpening)
    return sharpened / tf.reduce_sum(sharpened, axis=1, keepdims=True)


def _cosine(key: Tensor, memory: Tensor) -> Tensor:
    product = tf.matmul(memory, tf.expand_dims(key, 2))[:, :, 0]
    key_norm = tf.sqrt(tf.reduce_sum(tf.square(key), axis=1, keepdims=True))
    memory_norm = tf.sqrt(tf.reduce_sum(tf.square(memory), axis=2))
    # Memory starts at 1e-6, so that the 1e-8 damps the first similarities a little.
    return product / (memory_norm * key_norm + 1e-8)


def _shifted(weights: Tensor, shift: Tensor) -> Tensor:
    """Returns the circular convolution of `weights` [B, N] with the distribution `shift`."""
    reach = ((static_size(shift.shape, 1) or 1) - 1) // 2
    moved = [
        shift[:, place : place + 1]
        * tf.roll(weights, place if place <= reach else place - 2 * reach - 1, 1)
        for place in range(2 * reach + 1)
    ]
    return tf.add_n(moved)
