"""What the cells of this folder share."""

from __future__ import annotations

from typing import Any

import keras

__all__ = ["fresh", "zero_states"]


def fresh(initializer: Any) -> Any:
    """Returns an initializer as configured: one without a seed may be called once only."""
    return keras.initializers.deserialize(keras.initializers.serialize(initializer))


def zero_states(cell: Any, batch_size: Any) -> list[Any]:
    """Returns zeros [batch_size, size] in a cell's compute dtype for each of its states."""
    return [keras.ops.zeros((batch_size, n), dtype=cell.compute_dtype) for n in cell.state_size]
