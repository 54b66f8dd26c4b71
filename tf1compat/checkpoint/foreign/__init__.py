"""Files that are taken for checkpoints and are none, told by what is in them."""

__all__: list[str] = []
