"""One block of a grid LSTM: an LSTM over frequency beside one over time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeAlias

import tensorflow as tf

from tf1compat.graph.rnn_cell._arithmetic import affine, clip
from tf1compat.graph.rnn_cell._sharded import concatenated_variable
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import BatchSize, DTypeLike, Tensor, Variable

__all__ = ["GridBlock", "GridOptions", "Half"]

v1 = tf.compat.v1


# By gate: the weights of the frequency's and of the time's memory.
Diagonals: TypeAlias = dict[str, tuple[Tensor, Tensor]]


@dataclasses.dataclass(frozen=True)
class GridOptions:
    """What a grid LSTM's constructor fixes for all its blocks."""

    num_units: int
    use_peepholes: bool
    share_weights: bool
    cell_clip: float | None
    num_unit_shards: int
    forget_bias: float
    couple_gates: bool

    @property
    def gates(self) -> int:
        """Number of gates: i, j, f, o, or without f where it is one minus i."""
        return 3 if self.couple_gates else 4


@dataclasses.dataclass(frozen=True)
class Half:
    """Weights of the LSTM over frequency, or of that over time, in one block."""

    options: GridOptions
    kernel: Tensor
    bias: Tensor
    diagonals: Diagonals

    def gates(self, joined: Tensor) -> dict[str, Tensor]:
        """Returns the gates' inputs [B, U] by name."""
        names = "ijo" if self.options.couple_gates else "ijfo"
        parts = tf.split(affine([joined], self.kernel, bias=self.bias), len(names), axis=1)
        return dict(zip(names, parts, strict=True))

    def _peeped(self, gate: str, value: Tensor, c_freq: Tensor, c_time: Tensor) -> Tensor:
        if gate not in self.diagonals:
            return value
        of_freq, of_time = self.diagonals[gate]
        return value + of_freq * c_freq + of_time * c_time

    def memory(
        self, gates: dict[str, Tensor], own: Tensor, *, c_freq: Tensor, c_time: Tensor
    ) -> Tensor:
        """Returns the new memory [B, U] from `own`, which is one of `c_freq` and `c_time`."""
        i = tf.sigmoid(self._peeped("i", gates["i"], c_freq, c_time))
        if self.options.couple_gates:
            # Neither the forget bias nor its peephole has a part then.
            f = 1.0 - i
        else:
            biased = gates["f"] + self.options.forget_bias
            f = tf.sigmoid(self._peeped("f", biased, c_freq, c_time))
        return clip(f * own + i * tf.tanh(gates["j"]), self.options.cell_clip)

    def output(
        self, gates: dict[str, Tensor], own: Tensor, *, c_freq: Tensor, c_time: Tensor
    ) -> Tensor:
        """Returns the output [B, U] for the new memory `own`."""
        return tf.sigmoid(self._peeped("o", gates["o"], c_freq, c_time)) * tf.tanh(own)


class GridBlock:
    """One block of frequencies: its weights in the current scope, and its steps.

    Args:
      options: of the cell.
      index: the block's number, part of its variables' names.
      depth: depth of a feature.
      dtype: dtype of the variables.
    """

    def __init__(self, options: GridOptions, index: int, *, depth: int, dtype: DTypeLike) -> None:
        self._options = options
        self._index = index
        self._dtype = dtype
        shape = [depth + 2 * options.num_units, options.gates * options.num_units]
        # All kernels and biases before any peephole: the order of `tf.global_variables()` in 1.15.
        weights = {"freq": self._weights("f", shape)}
        if not options.share_weights:
            weights["time"] = self._weights("t", shape)
        halves = {
            half: Half(options, *weights[half], diagonals=self._diagonals(half)) for half in weights
        }
        self._freq = halves["freq"]
        self._time = halves.get("time")

    def _weights(self, half: str, shape: list[int]) -> tuple[Tensor, Tensor]:
        shards = self._options.num_unit_shards
        kernel = concatenated_variable(
            f"W_{half}_{self._index}", shape, dtype=self._dtype, shards=shards
        )
        zeros = v1.zeros_initializer()
        bias = get_variable(
            f"B_{half}_{self._index}", shape[1:], initializer=zeros, dtype=self._dtype
        )
        return kernel, bias

    def _diagonals(self, half: str) -> Diagonals:
        if not self._options.use_peepholes:
            return {}
        units = [self._options.num_units]

        def diagonal(gate: str, other: str) -> Variable:
            name = f"W_{gate.upper()}_diag_{half}{other}_{self._index}"
            return get_variable(name, units, dtype=self._dtype)

        # f, i, o again, for frequency's memory and then time's: `W_F_diag_freqf`, `W_F_diag_freqt`.
        gates = "io" if self._options.couple_gates else "fio"
        return {gate: (diagonal(gate, "f"), diagonal(gate, "t")) for gate in gates}

    def run(
        self,
        features: Sequence[Tensor],
        states: Sequence[tuple[Tensor, Tensor]],
        *,
        batch: BatchSize,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Steps over the frequencies.

        Args:
          features: [B, depth] of each frequency.
          states: (memory, output) [B, U] of each frequency at the step of time before.
          batch: B, int or tensor.

        Returns:
          (outputs over time and over frequency of each, new memory and output of each), [B, U].
        """
        # Frequency starts anew at every step of time: only time's memory is part of the state.
        h_freq = tf.zeros([batch, self._options.num_units], self._dtype)
        c_freq = tf.zeros([batch, self._options.num_units], self._dtype)
        outputs, new_states = [], []
        for feature, (c_time, h_time) in zip(features, states, strict=True):
            joined = tf.concat([feature, h_time, h_freq], 1)
            freq = self._freq.gates(joined)
            time_half = self._time or self._freq
            time = self._time.gates(joined) if self._time else freq
            # Peepholes of both memories see both old ones, those of the outputs both new ones.
            new_c_freq = self._freq.memory(freq, c_freq, c_freq=c_freq, c_time=c_time)
            new_c_time = time_half.memory(time, c_time, c_freq=c_freq, c_time=c_time)
            h_freq = self._freq.output(freq, new_c_freq, c_freq=new_c_freq, c_time=new_c_time)
            new_h_time = time_half.output(time, new_c_time, c_freq=new_c_freq, c_time=new_c_time)
            c_freq = new_c_freq
            # Time before frequency, feature by feature (`m_out_lst`).
            outputs += [new_h_time, h_freq]
            new_states += [new_c_time, new_h_time]
        return outputs, new_states
