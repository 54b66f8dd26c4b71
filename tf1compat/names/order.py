"""Natural order of names, in which numbers compare as numbers."""

from __future__ import annotations

import re

__all__ = ["natural_key", "number_of", "split_numbers"]

_MANY = 19  # digits
_NUMBER = re.compile(r"([0-9]+)")

NaturalKey = tuple[tuple[object, ...], str]


def split_numbers(name: str) -> list[str]:
    """Returns the texts and the numbers of a name in turn, beginning and ending with a text.

    >>> split_numbers("layer_12/w")
    ['layer_', '12', '/w']
    """
    return _NUMBER.split(name)


def number_of(digits: str) -> int:
    """Returns a number that is to others as the digits of a name say, however many these are.

    Of more than 18 digits it isn't the number itself, which takes time by the square of them, and
    of thousands Python makes none; but it is as large, next to others, and another of other digits.

    >>> number_of("12"), number_of("9" * 5000) < number_of("1" + "0" * 5000)
    (12, True)
    """
    return int(digits) if len(digits) < _MANY else int(digits, 16)


def natural_key(name: str) -> NaturalKey:
    """Returns a sort key that puts ``layer_2`` before ``layer_10`` and scopes together.

    The order is total: two different names never compare equal. Numbers may have any length.

    >>> sorted(["l10/w", "l2/w", "l2_b", "l2"], key=natural_key)
    ['l2', 'l2/w', 'l2_b', 'l10/w']
    """
    # The slash sorts before all else, so that what is inside a scope stays together.
    pieces: list[object] = []
    for index, piece in enumerate(split_numbers(name.replace("/", "\0"))):
        # The texts and the numbers take turns, so texts are only ever compared with texts.
        if index % 2:  # digits as (count, text): no conversion, hence no limit on their number
            digits = piece.lstrip("0")
            pieces.append((len(digits), digits))
        else:
            pieces.append(piece)
    return tuple(pieces), name
