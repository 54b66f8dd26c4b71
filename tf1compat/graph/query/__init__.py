"""Queries over what a graph collected."""

__all__: list[str] = []
