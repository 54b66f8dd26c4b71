"""The only room that imports Keras: weight index, lazily built models, export."""

__all__: list[str] = []
