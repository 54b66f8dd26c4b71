"""State of training: freezing, gradients, initialization."""

__all__: list[str] = []
