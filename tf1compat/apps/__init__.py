"""Thin absl apps, one a task."""

__all__: list[str] = []
