"""How large the tensors of a graph are, as far as it says so itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tf1compat.budget import Budget, Meter
from tf1compat.errors import BudgetError, UsageError

__all__ = ["require_small_tensors"]

_TENSOR = Meter("bytes of one tensor", each=64, least=1 << 30)


def require_small_tensors(graph: Any, *, file: str, size: int) -> None:
    """Refuses a ``tf.Graph`` whose tensors are far larger than the file that it came in.

    Looked at are static shapes, an unknown size taken for 1; what grows as it runs isn't known.

    Args:
      graph: what is to be run.
      file: the file it came in.
      size: bytes of the graph.

    Raises:
      UsageError: a tensor is larger than a file of its size warrants.
    """
    budget = Budget(file, size)
    for name, count in _sizes(graph):
        try:
            budget.admit(_TENSOR, count)
        except BudgetError as error:
            raise UsageError(f"{error} ({name}); or name outputs that don't need it") from error


def _sizes(graph: Any) -> Iterator[tuple[str, int]]:
    for op in graph.get_operations():
        for tensor in op.outputs:
            if tensor.shape.rank is not None and not op.type.endswith("Variable"):
                known = (length or 1 for length in tensor.shape.as_list())
                yield tensor.name, math.prod(known) * max(1, tensor.dtype.size)
