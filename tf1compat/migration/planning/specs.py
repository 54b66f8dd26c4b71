"""Shapes and dtypes of a whole side, before any data is read."""

from __future__ import annotations

from collections.abc import Mapping

from tf1compat.checkpoint import Entry
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.layouts.layout import Spec

__all__ = ["source_specs", "target_specs"]


def source_specs(checkpoint: Mapping[str, Entry]) -> dict[str, Spec]:
    """Returns shape and dtype of every variable, by name."""
    return {name: Spec(entry.shape, entry.dtype_name) for name, entry in checkpoint.items()}


def target_specs(index: ModelIndex) -> dict[str, Spec]:
    """Returns shape and dtype of every weight, by path."""
    return {path: Spec(tuple(weight.shape), weight.dtype) for path, weight in index.items()}
