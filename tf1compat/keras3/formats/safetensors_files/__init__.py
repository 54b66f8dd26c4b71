"""Models' weights in safetensors: one file, or a folder as the Hub has them."""

__all__: list[str] = []
