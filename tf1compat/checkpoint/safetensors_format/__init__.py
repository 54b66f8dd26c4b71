"""safetensors files, and several of them with the index that the Hub's conventions have."""

__all__: list[str] = []
