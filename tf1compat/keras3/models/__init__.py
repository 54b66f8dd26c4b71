"""Models: found, built without memory for weights, run."""

__all__: list[str] = []
