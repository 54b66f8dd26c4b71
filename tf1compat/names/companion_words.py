"""What an optimizer keeps of one variable, and its average, in a few words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from tf1compat.names.parse import AVERAGE_LEAF, COUNTER

__all__ = ["companion_words"]

# What 1.15's optimizers call the slots that they name after themselves, in order of creation
# (`_create_slots` of `tf.train.AdamOptimizer` and the others), by how many there are.
_WORDS: Mapping[str, Mapping[int, tuple[str, ...]]] = MappingProxyType(
    {
        "Adam": {2: ("m", "v")},
        "AdaMax": {2: ("m", "v")},
        "RMSProp": {2: ("rms", "momentum"), 3: ("rms", "mg", "momentum")},
        "Ftrl": {2: ("accum", "linear")},
        "Adadelta": {2: ("accum", "accum_update")},
    }
)
_COUNTED = re.compile(rf"(?P<stem>.+?)(?:{COUNTER})?", re.DOTALL)
_LETTERED = re.compile(r"(?P<stem>.+)_(?P<letters>[a-z]{1,2})", re.DOTALL)


def companion_words(leaves: Iterable[str]) -> str:
    """Returns in short what companions are, by what follows their variable's name.

    >>> companion_words(["Adam", "Adam_1"]), companion_words(["adam_m", "adam_v"])
    ('Adam m, v', 'adam m, v')
    >>> companion_words(["Momentum", "ExponentialMovingAverage"]), companion_words(["Adam_1"])
    ('Momentum, average', 'Adam_1')
    """
    groups: dict[str, list[str]] = {}
    for leaf in leaves:
        groups.setdefault(_stem(leaf), []).append(leaf)
    return ", ".join(_told(stem, sorted(found, key=_order)) for stem, found in groups.items())


def _stem(leaf: str) -> str:
    lettered = _LETTERED.fullmatch(leaf)
    counted = _COUNTED.fullmatch(leaf)
    if lettered:
        return lettered["stem"]
    return counted["stem"] if counted else leaf


def _order(leaf: str) -> tuple[int, str]:
    return len(leaf), leaf  # Adam_10 behind Adam_2


def _told(stem: str, leaves: Sequence[str]) -> str:
    if stem == AVERAGE_LEAF:
        return "average" if len(leaves) == 1 else f"{len(leaves)} averages"
    words = _WORDS.get(stem, {}).get(len(leaves), ())
    if words and list(leaves) == [stem, *(f"{stem}_{n}" for n in range(1, len(leaves)))]:
        return f"{stem} {', '.join(words)}"
    letters = [match["letters"] for leaf in leaves if (match := _LETTERED.fullmatch(leaf))]
    return f"{stem} {', '.join(letters)}" if len(letters) == len(leaves) else ", ".join(leaves)
