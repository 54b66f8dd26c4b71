"""How grid LSTMs cut their inputs into overlapping features."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.rnn_cell.state_tuple import columns
from tf1compat.graph.types import Tensor

__all__ = ["FrequencyBlocks"]


@dataclasses.dataclass(frozen=True)
class FrequencyBlocks:
    """Blocks of features over the columns of the inputs.

    Attributes:
      counts: number of features in each block.
      starts: first column of each block; none where one block covers all.
      ends: column after each block.
      size: depth of a feature.
      skip: columns from one feature's start to the next one's.
    """

    counts: Sequence[int]
    starts: Sequence[int]
    ends: Sequence[int]
    size: Any
    skip: Any

    def cut(self, inputs: Tensor, offset: int = 0) -> list[list[Tensor]]:
        """Returns the features [B, size] of each block, shifted by `offset` columns.

        Raises:
          UsageError: (a `ValueError`) inputs of unknown depth; counts that don't fit them.
        """
        blocks = self._spans(input_depth(inputs.shape.with_rank(2)))
        if offset:
            # Zeros behind for a positive offset, in front for a negative, which starts at 0 then.
            padding = [0, offset] if offset > 0 else [-offset, 0]
            inputs = tf.pad(inputs, [[0, 0], padding])
        shift = max(offset, 0)
        return [
            [columns(inputs, start + shift + i * self.skip, size=self.size) for i in range(count)]
            for start, count in blocks
        ]

    def _spans(self, depth: int) -> list[tuple[int, int]]:
        """Returns (first column, number of features) of each block."""
        if not self.starts:
            if len(self.counts) != 1:
                raise UsageError(
                    f"Length of num_frequency_blocks is not 1, but instead is {len(self.counts)}"
                )
            return [(0, self._checked(self.counts[0], depth))]
        if len(self.starts) != len(self.ends):
            raise UsageError(
                "Length of start and end freqindex_list does not match "
                f"{len(self.starts)} {len(self.ends)}"
            )
        if len(self.counts) != len(self.starts):
            raise UsageError(
                "Length of num_frequency_blocks is not equal to start_freqindex_list "
                f"{len(self.counts)} {len(self.starts)}"
            )
        spans = zip(self.starts, self.ends, self.counts, strict=True)
        return [(start, self._checked(count, end - start)) for start, end, count in spans]

    def _checked(self, count: int, width: int) -> int:
        # Columns that fill no feature are left out without a word (`_make_tf_features`).
        fitting = int((width - self.size) / self.skip) + 1
        if fitting != count:
            raise UsageError(
                f"Invalid num_frequency_blocks, requires {count} but gets {fitting}, please "
                "check the input size and filter config are correct."
            )
        return count
