"""Floats of other widths."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from tf1compat.checkpoint.surgery.planned_tensors import (
    Edit,
    Planned,
    value_of,
    written_bytes,
)
from tf1compat.errors import MisfitError, Problem, UsageError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.telling import tell

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FLOATS", "cast", "narrowed_bytes"]

FLOATS = ("bfloat16", "float16", "float32", "float64")
"""The dtypes between which values are cast; what is of another is left as it is."""

_REMEDY = "cast others alone (--variables or --scope), or let them {} (--overflow=infinity)"


def cast(
    tensors: Sequence[Planned],
    dtype: str,
    *,
    choose: Callable[[str], bool] = lambda name: True,
    overflow: str = "refuse",
) -> Edit:
    """Gives tensors of floats another dtype, each value rounded to the nearest; slices are joined.

    Args:
      tensors: what is to be written.
      dtype: one of :data:`FLOATS`.
      choose: tells by its name whether a tensor is cast.
      overflow: ``"refuse"`` reads all values that may become infinite, or 0, before;
        ``"infinity"`` lets them.

    Raises:
      UsageError: there is no such dtype or policy.
      MisfitError: finite values would become infinite, or others 0: naming each such tensor.
      CheckpointError: a value can't be read.
    """
    if dtype not in FLOATS or overflow not in ("refuse", "infinity"):
        raise UsageError(
            f"cast: expected one of {', '.join(FLOATS)}, and refuse or infinity for overflow; "
            f"found {dtype!r} and {overflow!r}"
        )
    kept = [_cast(one, dtype) if choose(one.name) else one for one in tensors]
    if overflow == "refuse":
        pairs = zip(tensors, kept, strict=True)
        if problems := [
            p for old, new in pairs if old is not new for p in _overflowing(old, dtype)
        ]:
            raise MisfitError.from_problems("nothing was written, values would be lost:", problems)
    return Edit(tuple(kept))


def narrowed_bytes(
    tensors: Sequence[Planned], dtype: str, *, choose: Callable[[str], bool] = lambda name: True
) -> int:
    """Returns how many bytes :func:`cast` reads, and tells of, to see if values would be lost."""
    return sum(
        written_bytes(one) for one in tensors if choose(one.name) and _is_narrowed(one, dtype)
    )


def _cast(one: Planned, dtype: str) -> Planned:
    if one.dtype not in FLOATS or one.dtype == dtype:
        return one
    make = functools.partial(_made, one, dtype)
    return dataclasses.replace(one, dtype=dtype, item=make, done=f"was {one.dtype}")


def _made(one: Planned, dtype: str) -> np.ndarray:
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        return value_of(one).astype(numpy_dtype(dtype))


def _overflowing(one: Planned, dtype: str) -> Iterator[Problem]:
    """Yields a problem where values of a tensor are too large for a dtype, or too small."""
    import numpy as np

    if not _is_narrowed(one, dtype):
        return
    value = value_of(one)
    tell(written_bytes(one))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        made = value.astype(numpy_dtype(dtype))
    over = np.isfinite(value) & ~np.isfinite(made)
    if (gone := (value != 0) & (made == 0)).any():
        yield Problem(
            one.name,
            f"values that {dtype} can tell from 0",
            f"{int(gone.sum())} of {value.size} that it can't",
            remedy=_REMEDY.format("become 0"),
        )
    if over.any():
        largest = float(np.abs(value[over].astype(np.float64)).max())
        yield Problem(
            one.name,
            f"values that {dtype} can hold",
            f"{int(over.sum())} that it can't, up to {largest:g}",
            remedy=_REMEDY.format("become infinite"),
        )


def _is_narrowed(one: Planned, dtype: str) -> bool:
    return one.dtype in FLOATS and _largest(one.dtype) > _largest(dtype)


def _largest(dtype: str) -> float:
    import numpy as np

    known = numpy_dtype(dtype)
    if known.kind == "f":
        return float(np.finfo(known).max)
    import ml_dtypes  # what numpy has itself doesn't need it

    return float(ml_dtypes.finfo(known).max)
