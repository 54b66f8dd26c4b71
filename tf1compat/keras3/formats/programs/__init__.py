"""Models as programs that compute without Keras: SavedModels and TFLite files."""

__all__: list[str] = []
