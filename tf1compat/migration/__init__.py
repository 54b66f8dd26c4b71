"""Checkpoint to Keras 3: layouts, matching, the plan, conversion, verification."""

__all__: list[str] = []
