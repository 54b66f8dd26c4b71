"""Tables of a model whose rows go by tokens: a layer of its own looks these up before."""

from __future__ import annotations

import dataclasses

import keras

from tf1compat.keras3.index.flattened import Above
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["TokenTable", "token_tables"]

# By their names: they need TensorFlow, or another library, and so aren't everywhere.
_LOOKUPS = frozenset({"StringLookup", "IntegerLookup", "TextVectorization"})
_SHOWN = 3  # tokens that are named


@dataclasses.dataclass(frozen=True)
class TokenTable:
    """What stands before a table.

    Attributes:
      layer: the name of the layer that looks tokens up.
      first: what the table's first rows are of, such as ``"[UNK]"``.
    """

    layer: str
    first: tuple[str, ...]


def token_tables(index: ModelIndex) -> dict[str, TokenTable]:
    """Returns, by the path of an ``Embedding``'s table, what its rows are of, where a layer says.

    Known in Functional and Sequential models.
    """
    if not any(type(node.layer).__name__ in _LOOKUPS for node in index.layers):
        return {}
    above = Above(index)
    found: dict[str, TokenTable] = {}
    for node in index.layers:
        lookup = above.of(node.layer) if isinstance(node.layer, keras.layers.Embedding) else None
        if lookup is not None and type(lookup).__name__ in _LOOKUPS:
            table = TokenTable(lookup.name, tuple(map(str, lookup.get_vocabulary()[:_SHOWN])))
            found |= dict.fromkeys(node.weights, table)
    return found
