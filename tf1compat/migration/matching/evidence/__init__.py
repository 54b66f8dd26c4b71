"""What tells sources apart, one file a kind of evidence."""

__all__: list[str] = []
