"""What was written, held against what it was written from."""

__all__: list[str] = []
