"""From the graph of a ``.meta``, which may train, to the one that a SavedModel serves."""

__all__: list[str] = []
