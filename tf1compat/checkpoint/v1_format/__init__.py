"""V1 checkpoints: tensors in protocol buffers, in tables of one file or several."""

__all__: list[str] = []
