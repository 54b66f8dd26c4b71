"""Arithmetic that the cells share. Gates come in the order i, j, f, o throughout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf1compat.graph.types import Activation, Tensor

__all__ = ["Peepholes", "affine", "clip", "lstm_memory", "lstm_output", "lstm_step"]


class Peepholes(NamedTuple):
    """Diagonal weights [D] from the memory to the gates f, i and o."""

    f: Any
    i: Any
    o: Any


def affine(
    parts: Sequence[Tensor], kernel: Tensor, *, bias: Tensor | None = None, axis: int | Tensor = 1
) -> Tensor:
    """Returns `concat(parts) @ kernel + bias`, [B, N]; `axis` is 1, perhaps as a tensor."""
    joined = parts[0] if len(parts) == 1 else tf.concat(list(parts), axis)
    # One kernel for all parts, the rows in their order: inputs first, then the state (`_Linear`).
    product = tf.matmul(joined, kernel)
    return product if bias is None else tf.nn.bias_add(product, bias)


def clip(value: Tensor, limit: float | None) -> Tensor:
    """Returns `value` clipped to [-limit, limit]; None clips nothing."""
    return value if limit is None else tf.clip_by_value(value, -limit, limit)


def lstm_memory(
    gates: Sequence[Tensor],
    c: Tensor,
    *,
    forget_bias: float,
    activation: Activation,
    peepholes: Peepholes | None = None,
) -> Tensor:
    """Returns the new memory `sigmoid(f + forget_bias) * c + sigmoid(i) * activation(j)`, [B, D].

    The bias is added here, at every step, and is no part of the stored bias variable.
    """
    # i, j, f, o: Keras and cuDNN order theirs otherwise, so weights cross over with columns moved.
    i, j, f = gates[:3]
    # At every step: a stored bias of 0 keeps memory; Keras stores the 1 (`unit_forget_bias`).
    biased = f + forget_bias
    if peepholes is None:
        return tf.sigmoid(biased) * c + tf.sigmoid(i) * activation(j)
    # f and i look at the memory before the step, o below at the one after it.
    kept = tf.sigmoid(biased + peepholes.f * c) * c
    return kept + tf.sigmoid(i + peepholes.i * c) * activation(j)


def lstm_output(
    o: Tensor,
    c: Tensor,
    *,
    activation: Activation,
    peepholes: Peepholes | None = None,
) -> Tensor:
    """Returns `sigmoid(o) * activation(c)`, [B, D], for the new memory `c`."""
    opened = o if peepholes is None else o + peepholes.o * c
    return tf.sigmoid(opened) * activation(c)


def lstm_step(
    gates: Sequence[Tensor],
    c: Tensor,
    *,
    forget_bias: float,
    activation: Activation,
    peepholes: Peepholes | None = None,
    cell_clip: float | None = None,
    norm: Callable[[Tensor, str], Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Returns the new memory and output [B, D] of an LSTM from its gates' inputs i, j, f, o.

    The memory is normalized by `norm(memory, "state")`, then clipped to `cell_clip`, if given.
    """
    new_c = lstm_memory(
        gates, c, forget_bias=forget_bias, activation=activation, peepholes=peepholes
    )
    # Clipped before the output is made, so that o's peephole and the output see the clipped one.
    new_c = clip(new_c if norm is None else norm(new_c, "state"), cell_clip)
    return new_c, lstm_output(gates[3], new_c, activation=activation, peepholes=peepholes)
