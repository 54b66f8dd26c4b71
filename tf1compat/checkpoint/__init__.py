"""Name-based checkpoints as files: read, write, inspect. TensorFlow is never imported here."""

__all__: list[str] = []
