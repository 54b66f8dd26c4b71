"""A built model's layers and weights by stable path."""

__all__: list[str] = []
