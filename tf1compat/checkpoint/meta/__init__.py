"""What a ``.meta`` file tells of a graph's variables."""

__all__: list[str] = []
