"""Models as object-based checkpoints, which ``tf.train.Checkpoint(model)`` restores."""

__all__: list[str] = []
