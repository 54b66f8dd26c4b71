"""Checkpoints of objects (``tf.train.Checkpoint``, Keras' ``save_weights``): what names them."""

__all__: list[str] = []
