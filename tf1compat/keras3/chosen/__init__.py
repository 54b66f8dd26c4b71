"""Parts of a live Keras model: chosen, counted, looked at, frozen."""

__all__: list[str] = []
