"""What `get_config` says of values that aren't plain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tf1compat.graph.types import Initializer

__all__ = ["initializer_config"]


def initializer_config(
    initializer: Initializer | None,
) -> Mapping[str, Any] | str | Initializer | None:
    """Returns `{"class_name", "config"}` of an initializer, its name if a function, or None."""
    if initializer is None:
        return None
    if hasattr(initializer, "get_config"):
        # The form of Keras' `serialize_keras_object`, which GRUCell and LSTMCell of 1.15 write.
        return {
            "class_name": type(initializer).__name__,
            "config": initializer.get_config(),
        }
    return getattr(initializer, "__name__", initializer)
