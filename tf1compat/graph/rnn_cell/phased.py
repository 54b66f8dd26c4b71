"""The LSTM whose gates open in phases of time."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tf1compat.graph.rnn_cell._linear import Linear
from tf1compat.graph.rnn_cell._sized import PairCell
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import DTypeLike, Initializer, Number, Tensor

__all__ = ["PhasedLSTMCell"]

v1 = tf.compat.v1


def _log_uniform(low: Number, high: Number) -> Initializer:
    def initializer(
        shape: Sequence[int], dtype: DTypeLike = tf.float32, partition_info: object = None
    ) -> Tensor:
        return tf.exp(v1.random_uniform(shape, tf.math.log(low), tf.math.log(high), dtype))

    return initializer


class PhasedLSTMCell(PairCell):
    """Phased LSTM (https://arxiv.org/abs/1610.09513). Mirrors `tf.contrib.rnn.PhasedLSTMCell`.

    Inputs: a pair of times [B, 1] (float32 or float64) and features [B, D] (float32); output
    [B, U], state `LSTMStateTuple` of [B, U]. Variables below `phased_lstm_cell`: `kernel` and
    `bias` below `mask_gates` [.., 2U], `new_input` and `output_gate` [.., U], then `period`,
    `phase` and `ratio_on` [U].

    Args:
      num_units: U.
      use_peepholes: whether the memory feeds the gates.
      leak: share that passes a closed gate, float or scalar tensor.
      ratio_on: start of the share of a period during which gates are open.
      trainable_ratio_on: whether that share is trained.
      period_init_min: least start of a period, in units of time.
      period_init_max: greatest start of a period.
      reuse: True gets existing variables instead of making them.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        leak: Number = 0.001,
        ratio_on: Number = 0.1,
        trainable_ratio_on: bool = True,
        period_init_min: Number = 1.0,
        period_init_max: Number = 1000.0,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._leak = leak
        self._ratio_on = ratio_on
        self._trainable_ratio_on = trainable_ratio_on
        self._period_init_min = period_init_min
        self._period_init_max = period_init_max
        self._maps: dict[str, Linear] = {}

    def _affine(self, name: str, parts: list[Tensor], size: int) -> Tensor:
        if name not in self._maps:
            self._maps[name] = Linear(parts, size, True)
        return self._maps[name](parts)

    def call(
        self, inputs: tuple[Tensor, Tensor], state: LSTMStateTuple
    ) -> tuple[Tensor, LSTMStateTuple]:
        """Returns the output [B, U] and the new `LSTMStateTuple`."""
        c, h = state
        time, x = inputs
        new_c, new_h = self._candidates(x, c, h)
        k = self._openness(time)
        # The output has no time gate of its own: it takes the memory's.
        new_c = k * new_c + (1 - k) * c
        new_h = k * new_h + (1 - k) * h
        return new_h, LSTMStateTuple(new_c, new_h)

    def _candidates(self, x: Tensor, c: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        units = self._num_units
        with v1.variable_scope("mask_gates"):
            parts = [x, h, c] if self._use_peepholes else [x, h]
            # i and f, in this order; there is no forget bias.
            masks = tf.sigmoid(self._affine("mask_gates", parts, 2 * units))
            input_gate, forget_gate = tf.split(masks, 2, axis=1)
        with v1.variable_scope("new_input"):
            new_input = tf.tanh(self._affine("new_input", [x, h], units))
        new_c = c * forget_gate + input_gate * new_input
        with v1.variable_scope("output_gate"):
            parts = [x, h, new_c] if self._use_peepholes else [x, h]
            output_gate = tf.sigmoid(self._affine("output_gate", parts, units))
        return new_c, tf.tanh(new_c) * output_gate

    def _openness(self, time: Tensor) -> Tensor:
        """Returns how far the gates are open at `time`, [B, U]."""
        shape = [self._num_units]
        lengths = _log_uniform(self._period_init_min, self._period_init_max)
        # No dtype: float32, whatever that of time, which is cast to and fro below.
        period = get_variable("period", shape, initializer=lengths)
        # Each phase within its own period: the draw of one initial value bounds the other.
        shifts = v1.random_uniform_initializer(0.0, period.initial_value)
        phase = get_variable("phase", shape, initializer=shifts)
        ratio_on = get_variable(
            "ratio_on",
            shape,
            initializer=v1.constant_initializer(self._ratio_on),
            trainable=self._trainable_ratio_on,
        )
        ratio = _cycle_ratio(time, phase, period)
        rising = 2 * ratio / ratio_on
        # Rising for the first half of the open share, falling for the second, then leaking.
        k = v1.where(ratio < ratio_on, 2 - rising, self._leak * ratio)
        return v1.where(ratio < 0.5 * ratio_on, rising, k)


def _cycle_ratio(time: Tensor, phase: Tensor, period: Tensor) -> Tensor:
    """Returns the place in the cycle, in [0, 1), computed in the dtype of `time`."""
    cycle = tf.cast(period, time.dtype)
    shifted = time - tf.cast(phase, time.dtype)
    # The remainder, with the gradient of `shifted` itself.
    remainder = tf.stop_gradient(tf.math.floormod(shifted, cycle) - shifted) + shifted
    return tf.cast(remainder / cycle, tf.float32)
