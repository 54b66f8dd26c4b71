"""The affine map inside older cells, over variables of the current scope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell._arithmetic import Peepholes, affine
from tf1compat.graph.rnn_cell.state_tuple import static_size
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import DTypeLike, Initializer, Tensor, Variable

__all__ = ["PEEPHOLES", "Linear", "bias_variable", "linear", "peephole_variables", "total_depth"]

v1 = tf.compat.v1

# Names of the diagonals to f, i and o, in the order in which 1.15's LSTMs make them.
PEEPHOLES = ("w_f_diag", "w_i_diag", "w_o_diag")


def total_depth(parts: Sequence[Tensor]) -> int:
    """Returns the summed depths of tensors [B, D].

    Raises:
      UsageError: (a `ValueError`) no tensors, one that isn't a matrix, or an unknown depth.
    """
    if not parts:
        raise UsageError("`args` must be specified")
    shapes = [part.shape for part in parts]
    total = 0
    for shape in shapes:
        if shape.rank != 2:
            raise UsageError(f"linear is expecting 2D arguments: {shapes}")
        depth = static_size(shape, 1)
        if depth is None:
            raise UsageError(f"linear expects shape[1] to be provided for shape {shape}")
        total += depth
    return total


def bias_variable(
    name: str, size: int, *, dtype: DTypeLike, initializer: Initializer | None = None
) -> Variable:
    """Gets a bias [size] of the current scope, zero by default, partitioned never."""
    # The scope entered once more, so that taking its partitioner off ends with the bias.
    with v1.variable_scope(v1.get_variable_scope()) as whole:
        whole.set_partitioner(None)
        if initializer is None:
            initializer = v1.constant_initializer(0.0)
        return get_variable(name, [size], dtype=dtype, initializer=initializer)


def peephole_variables(names: Sequence[str], units: int, *, dtype: DTypeLike) -> Peepholes:
    """Gets the diagonals [units] of the gates f, i and o, in this order, by these names."""
    return Peepholes(*(get_variable(name, [units], dtype=dtype) for name in names))


class Linear:
    """`concat(args) @ kernel + bias` over variables got once from the current scope.

    Mirrors the map inside TensorFlow 1.15's contrib cells. Variables: `kernel` [D, N] and `bias`
    [N], the latter never partitioned.

    Args:
      args: a tensor [B, D], or a list of them, that tells the depth and dtype.
      output_size: N.
      build_bias: whether there is a bias.
      bias_initializer: by default zero.
      kernel_initializer: by default the scope's.

    Raises:
      UsageError: (a `ValueError`) tensors that aren't matrices of known depth.
    """

    def __init__(
        self,
        args: Tensor | Sequence[Tensor] | None,
        output_size: int,
        build_bias: bool,
        bias_initializer: Initializer | None = None,
        kernel_initializer: Initializer | None = None,
    ) -> None:
        parts = _listed(args)
        # The first part's dtype, as `_Linear` takes it, whatever the cell's.
        depth, dtype = total_depth(parts), parts[0].dtype
        self._kernel = get_variable(
            # Partitioned where the scope says so; the bias never is (`_Linear`).
            "kernel",
            [depth, output_size],
            dtype=dtype,
            initializer=kernel_initializer,
        )
        self._bias = None
        if build_bias:
            self._bias = bias_variable(
                "bias", output_size, dtype=dtype, initializer=bias_initializer
            )

    def __deepcopy__(self, memo: dict[int, Any]) -> Linear:
        return self  # a copied cell keeps the variables, as a copied layer does

    def __call__(self, args: Tensor | Sequence[Tensor] | None) -> Tensor:
        """Returns the map of `args`, [B, N]."""
        return affine(_listed(args), self._kernel, bias=self._bias)


def _listed(args: Any) -> list[Tensor]:
    if args is None:
        return []
    return list(args) if tf.nest.is_nested(args) else [args]


def linear(
    args: Tensor | Sequence[Tensor] | None,
    output_size: int,
    bias: bool,
    **initializers: Initializer | None,
) -> Tensor:
    """Returns `Linear(args, ...)(args)`, the one-call form."""
    return Linear(args, output_size, bias, **initializers)(args)
