"""Casts that lose nothing; any other takes a rule."""

from __future__ import annotations

from tf1compat.migration.layouts.joins import Cast

__all__ = ["cast_between"]

_WIDER = {
    "float16": ("float32", "float64"),
    "bfloat16": ("float32", "float64"),
    "float32": ("float64",),
    "int8": ("int16", "int32", "int64"),
    "uint8": ("int16", "int32", "int64"),
    "int16": ("int32", "int64"),
    "int32": ("int64",),
    "complex64": ("complex128",),
}


def cast_between(source: str, target: str) -> tuple[Cast, ...] | None:
    """Returns the steps that turn dtype `source` into `target` and lose nothing, or None.

    >>> cast_between("float16", "float32"), cast_between("float32", "float16")
    ((Cast(dtype='float32'),), None)
    """
    if source == target:
        return ()
    return (Cast(target),) if target in _WIDER.get(source, ()) else None
