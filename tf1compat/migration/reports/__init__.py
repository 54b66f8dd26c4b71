"""A plan in words."""

__all__: list[str] = []
