"""Tables whose rows go by the tokens of a vocabulary, in another order on each side."""

from __future__ import annotations

from collections.abc import Mapping

from tf1compat.errors import Problem
from tf1compat.keras3.index.token_tables import TokenTable
from tf1compat.migration.planning.problems import OpenQuestion

__all__ = ["token_rows"]

_ASKS = (
    "its rows go by tokens, those of the model's {layer} by {first} and so on; 1.x's lookup tables "
    "begin with the first word and have unknown ones last: give it a rule with source_vocabulary "
    "and target_vocabulary, files with a token for each row, or layout='identity' if the rows are "
    "the same"
)


def token_rows(source: str, target: str, tables: Mapping[str, TokenTable]) -> Problem | None:
    """Returns what is asked of a table in whose place the model has one of a vocabulary.

    None for any other. 1.x looked words up in ``HashTable`` and the like, or in Python: no
    checkpoint has their order.
    """
    table = tables.get(target)
    if table is None:
        return None
    first = ", ".join(repr(one) for one in table.first)
    return OpenQuestion.of(source, _ASKS.format(layer=table.layer, first=first))
