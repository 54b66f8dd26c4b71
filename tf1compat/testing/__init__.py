"""Helpers for graph-mode tests."""

__all__: list[str] = []
