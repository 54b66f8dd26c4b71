"""Which inputs of a model are looked up in tables, as far as its graph of layers shows."""

from __future__ import annotations

import keras

from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["table_sizes"]


def table_sizes(index: ModelIndex) -> dict[str, int]:
    """Returns, by name of an input that an ``Embedding`` takes as it is, how many rows that has."""
    inputs = {id(one): one.name for one in getattr(index.model, "inputs", None) or ()}
    found: dict[str, int] = {}
    for node in index.layers:
        if not isinstance(node.layer, keras.layers.Embedding):
            continue
        try:
            taken = node.layer.input
        except AttributeError:  # never called with a symbol: the model is no graph of layers
            continue
        name = inputs.get(id(taken))
        if name is not None:
            found[name] = min(node.layer.input_dim, found.get(name, node.layer.input_dim))
    return found
