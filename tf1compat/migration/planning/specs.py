"""Shapes and dtypes of a whole side, before any data is read."""

from __future__ import annotations

from collections.abc import Mapping

from tf1compat.checkpoint import Entry
from tf1compat.keras3 import ModelIndex, Weight
from tf1compat.migration.layouts.layout import Spec

__all__ = ["source_spec", "source_specs", "target_spec", "target_specs"]


def source_spec(entry: Entry) -> Spec:
    """Returns shape and dtype of a variable."""
    return Spec(entry.shape, entry.dtype_name)


def source_specs(checkpoint: Mapping[str, Entry]) -> dict[str, Spec]:
    """Returns shape and dtype of every variable, by name."""
    return {name: source_spec(entry) for name, entry in checkpoint.items()}


def target_spec(weight: Weight) -> Spec:
    """Returns shape and dtype of a weight."""
    return Spec(tuple(weight.shape), weight.dtype)


def target_specs(index: ModelIndex) -> dict[str, Spec]:
    """Returns shape and dtype of every weight, by path."""
    return {path: target_spec(weight) for path, weight in index.items()}
