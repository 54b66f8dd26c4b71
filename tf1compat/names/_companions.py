"""What may follow a variable's name: an optimizer's slots, moving averages, and what may not."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

from tf1compat.names.optimizers import OPTIMIZERS
from tf1compat.names.parse import AVERAGE_LEAF, COUNTER, is_part
from tf1compat.names.roles import role_of

__all__ = ["companion_family", "is_optimizer_name", "looks_averaged", "may_be_custom"]

_COUNTER = f"(?:{COUNTER})?"
_AVERAGE = re.compile(f"{AVERAGE_LEAF}{_COUNTER}")
_LOOKS_AVERAGED = re.compile(r"(?i).*(ema|average|avg|moving|shadow|polyak)")
_KERAS = "m v vhat momentum rms mg accumulator accum_grad accum_var linear mom vr vc"
# What layers, not optimizers, keep beside a weight: masks, ranges of quantization, norms.
_LAYERS_OWN = re.compile(
    r"(?i)g|.*(mask|threshold|min|max|scale|shift|quant|noise|mu|sigma|rho|mean|std|var|norm)s?[0-9_]*"
)
_DEBIAS = re.compile(rf"(?:biased|local_step){_COUNTER}")


class _Patterns(NamedTuple):
    """What leaves look like that name an optimizer."""

    optimizer: re.Pattern[str]
    by_hand: re.Pattern[str]
    slot: re.Pattern[str]
    factored: frozenset[str]


@functools.lru_cache(maxsize=8)
def _patterns(version: int) -> _Patterns:
    """Returns the patterns of the optimizers that there are in this version of the registry."""
    optimizers = tuple(OPTIMIZERS.values())
    every = {name.lower() for one in optimizers for name in one.names}
    names = _any_of(every)
    declared = {slot.lower() for one in optimizers for slot in one.slots}
    slots = _any_of({"m", "v", "mom", "momentum", "vhat", "vr", "vc", *declared})
    return _Patterns(
        re.compile(rf"(?P<name>{names})(?:_?opt(?:imizer)?)?{_COUNTER}", re.IGNORECASE),
        # BERT and its descendants named their slots by hand: kernel/adam_m, kernel/lamb_v.
        re.compile(rf"(?P<name>{names})_(?:{slots}){_COUNTER}", re.IGNORECASE),
        re.compile(rf"(?P<name>{_any_of(declared) or '(?!)'}){_COUNTER}", re.IGNORECASE),
        frozenset(
            name.lower() for one in optimizers if one.factored for name in (*one.names, *one.slots)
        ),
    )


def _any_of(words: Iterable[str]) -> str:
    """Returns a pattern of any of these words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))


def companion_family(leaf: str) -> str:
    """Returns what `leaf` would be if it followed a variable's name.

    One of ``'optimizer'`` (``Adam_1``, ``adam_m``, a slot that one declares), ``'factored'`` (an
    optimizer whose slots need not have the variable's shape), ``'average'``, ``'keras'`` (``m``,
    ``v``: only under an optimizer's scope), ``'debias'`` (``biased``, ``local_step``) or
    ``'custom'`` (anything else).
    """
    if _AVERAGE.fullmatch(leaf):
        return "average"
    patterns = _patterns(OPTIMIZERS.version)
    match = (
        patterns.optimizer.fullmatch(leaf)
        or patterns.by_hand.fullmatch(leaf)
        or patterns.slot.fullmatch(leaf)
    )
    if match:
        return "factored" if match["name"].lower() in patterns.factored else "optimizer"
    if _DEBIAS.fullmatch(leaf):
        return "debias"
    return "keras" if leaf in _KERAS.split() else "custom"


def is_optimizer_name(component: str) -> bool:
    """Returns whether a scope's `component` is an optimizer's usual name (``Adam``, ``SGD_1``)."""
    return _patterns(OPTIMIZERS.version).optimizer.fullmatch(component) is not None


def may_be_custom(leaf: str) -> bool:
    """Returns whether a `leaf` nobody knows could be a custom optimizer's at all."""
    known = role_of(leaf) != "unknown"
    if is_part(leaf):  # a slice of a partitioned variable, however many there are
        return False
    return bool(leaf) and not known and not _LAYERS_OWN.fullmatch(leaf[:100])


def looks_averaged(leaf: str) -> bool:
    """Returns whether a custom `leaf` reads like a moving average's (``ema``, ``shadow``)."""
    return _LOOKS_AVERAGED.match(leaf[:100]) is not None
