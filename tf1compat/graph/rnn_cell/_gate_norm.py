"""Layer normalization of gates, as `tf.contrib.layers.layer_norm` computed it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import DTypeLike, ShapeLike, Tensor, Variable

__all__ = ["GateNorm"]

v1 = tf.compat.v1


@dataclasses.dataclass(frozen=True)
class GateNorm:
    """Layer normalization (https://arxiv.org/abs/1607.06450) with initial gain and shift."""

    gain: float
    shift: float

    def __call__(self, inputs: Tensor, scope: str) -> Tensor:
        """Returns `inputs` [B, D] normalized over D, by `<scope>/gamma` and `<scope>/beta` [D]."""
        # In the inputs' dtype; contrib's `_norm` left it at float32, and failed with others.
        shape, dtype = inputs.shape[-1:], inputs.dtype
        with v1.variable_scope(scope):
            # gamma before beta (contrib's `_norm`), where `layer_norm` by itself makes beta first.
            gamma = self._parameter("gamma", shape, dtype, self.gain)
            beta = self._parameter("beta", shape, dtype, self.shift)
        with v1.variable_scope(scope):  # anew, for 1.15's tensor names
            mean, variance = v1.nn.moments(inputs, [1], keep_dims=True)
            # float16 can't hold the smaller epsilon.
            epsilon = 1e-3 if dtype == tf.float16 else 1e-12
            return tf.nn.batch_normalization(
                inputs, mean, variance, offset=beta, scale=gamma, variance_epsilon=epsilon
            )

    def each(self, gates: Sequence[Tensor], scopes: Sequence[str]) -> list[Tensor]:
        """Returns every gate [B, D] normalized in the scope of its own."""
        return [self(gate, scope) for gate, scope in zip(gates, scopes, strict=True)]

    def _parameter(self, name: str, shape: ShapeLike, dtype: DTypeLike, start: float) -> Variable:
        initializer = v1.constant_initializer(start)
        return get_variable(name, shape=shape, dtype=dtype, initializer=initializer)
