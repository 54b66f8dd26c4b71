"""A live TensorFlow 1 graph: scopes, layers, cells, queries, assigns. Public tf.compat.v1 only."""

__all__: list[str] = []
