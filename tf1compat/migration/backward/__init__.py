"""From Keras weights back to the variables of the v1 graph, by the plan that brought them."""

__all__: list[str] = []
