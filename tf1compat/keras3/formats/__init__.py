"""Files that Keras loads, written and read one tensor at a time."""

__all__: list[str] = []
