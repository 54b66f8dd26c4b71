"""Pure strings: what a TensorFlow 1 variable name says, and rename rules."""

__all__: list[str] = []
