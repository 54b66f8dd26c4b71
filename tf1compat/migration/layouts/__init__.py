"""Invertible array transforms, one file a family."""

__all__: list[str] = []
