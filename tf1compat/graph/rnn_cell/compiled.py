"""A cell compiled by XLA."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.building import require_graph
from tf1compat.graph.rnn_cell._around import AroundCell
from tf1compat.graph.types import Nested, RNNCellLike, ScopeLike, State, Tensor

__all__ = ["CompiledWrapper"]

v1 = tf.compat.v1


def _stateless(node_def: Any) -> bool:
    # 1.15 looked in the registry of ops, which is private; the graph knows them too.
    return not v1.get_default_graph().op_def_for_type(node_def.op).is_stateful


class CompiledWrapper(AroundCell):
    """Marks a cell's step for XLA. Mirrors `tf.contrib.rnn.CompiledWrapper`.

    Has the wrapped cell's state, output and variable names.

    Args:
      cell: the cell to wrap.
      compile_stateful: whether stateful operations, such as random numbers, are marked too.
    """

    def __init__(self, cell: RNNCellLike, compile_stateful: bool = False) -> None:
        super().__init__(cell)
        self._compile_stateful = compile_stateful

    def __call__(
        self, inputs: Nested, state: State, scope: ScopeLike = None
    ) -> tuple[Tensor, State]:
        """Runs one step; `scope` is handed on to the wrapped cell.

        Raises:
          GraphError: (a `ValueError`) in eager mode.
        """
        require_graph(f"cell {type(self).__name__}")
        marked = True if self._compile_stateful else _stateless
        with tf.xla.experimental.jit_scope(compile_ops=marked):
            return self._cell(inputs, state, scope=scope)
