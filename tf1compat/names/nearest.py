"""The names nearest to a name that isn't there."""

from __future__ import annotations

import collections
import difflib
import heapq
import itertools
from collections.abc import Iterable

from tf1compat.names.order import natural_key
from tf1compat.names.parse import scopes_around

__all__ = ["nearest_names", "nearest_scopes"]

_GRAM = 3
_MOST_GRAMS = 20  # enough to tell neighbours from strangers, few enough to be quick
_FINALISTS = 64  # compared character by character
_DEEPEST = 64  # scopes around a name; real ones have a handful
_LONGEST = 160  # characters looked at, from a name's end (where its leaf is)


def nearest_names(name: str, candidates: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Returns the `count` names of `candidates` that are nearest to `name`, nearest first.

    For error messages: never empty where there are candidates, the same for the same input, and
    quick on tens of thousands of names (a trigram filter first, then ``difflib`` on the few left).

    >>> nearest_names("conv1/weight", ["conv1/weights", "conv2/weights", "fc/bias"], count=2)
    ('conv1/weights', 'conv2/weights')
    """
    pool = list(dict.fromkeys(candidates))
    if not pool:
        return ()
    query = _normal(name)
    lowered = [_normal(candidate) for candidate in pool]
    shared = [0] * len(pool)
    for gram, weight in _grams(query).items():
        shared = [
            score + weight if gram in text else score
            for score, text in zip(shared, lowered, strict=True)
        ]
    finalists = heapq.nlargest(
        max(_FINALISTS, count),
        range(len(pool)),
        key=lambda index: (shared[index], -abs(len(lowered[index]) - len(query)), -index),
    )
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(query)
    scores = {pool[index]: _likeness(matcher, lowered[index], query) for index in finalists}
    best = sorted(scores, key=lambda found: (found != name, -scores[found], natural_key(found)))
    return tuple(best[:count])


def nearest_scopes(scope: str, names: Iterable[str]) -> str:
    """Returns the scopes around `names` that are nearest to `scope`, as words; "none" of none.

    >>> nearest_scopes("encoder", ["bert/encoder/layer_0/w", "bert/encoder/layer_1/w", "step"])
    'bert/encoder, bert/encoder/layer_0, bert/encoder/layer_1'
    """
    around = (s for name in names for s in itertools.islice(scopes_around(name), _DEEPEST) if s)
    return ", ".join(nearest_names(scope, around)) or "none"


def _normal(name: str) -> str:
    return name[-_LONGEST:].lower()


def _grams(query: str) -> collections.Counter[str]:
    """Returns trigrams of `query`, spread evenly over it where there are too many."""
    grams = [query[at : at + _GRAM] for at in range(max(1, len(query) - _GRAM + 1))]
    step = -(-len(grams) // _MOST_GRAMS)
    return collections.Counter(grams[::step])


def _likeness(matcher: difflib.SequenceMatcher[str], text: str, query: str) -> float:
    """Returns how alike the two names are; the same leaf and the same depth count extra."""
    matcher.set_seq1(text)
    same_leaf = text.rpartition("/")[2] == query.rpartition("/")[2]
    same_depth = text.count("/") == query.count("/")
    return matcher.ratio() + 0.1 * same_leaf + 0.03 * same_depth
