"""Evidence from names: the words by which the members of a group differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tf1compat.migration.matching.evidence.base import Evidence
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import EvidenceKind, Group, State

__all__ = ["ByNames"]

_NAMES = EvidenceKind("names", "names share {words}")
_NAMES_REST = EvidenceKind("names_rest", "the others are told apart by name")

# Letters from which a word may abbreviate another, and that it then leaves out at least: gen,
# generator. `out` and `outer` are two words.
_PREFIX = _LEFT_OUT = 3

_SCORED = 250_000  # pairs of families; beyond it only equal names count, which takes linear time

Words = frozenset[str]
Families = dict[Words, list[Node]]
"""Nodes by the words of their paths: those equal but for numbers are one family."""


class ByNames(Evidence):
    """Tells apart families (paths equal but for numbers) by words that only some of them have.

    A family of sources and one of targets belong together when each is the other's best and only
    best; what is left over when all but one on each side are taken belongs together too.
    """

    name = "names"
    kinds = (_NAMES, _NAMES_REST)

    def within(self, state: State, group: Group) -> list[Group] | None:
        sources, targets = _families(group.sources), _families(group.targets)
        if len(sources) < 2 or len(targets) < 2:
            return None
        parts: list[Group] = []
        while found := _components(sources, targets):
            for source_words, target_words, shared in found:
                parts.append(
                    group.part(
                        _pop(sources, source_words),
                        _pop(targets, target_words),
                        _NAMES.because(words=tuple(shared)),
                    )
                )
        if not parts:
            return None
        rest_s = [s for nodes in sources.values() for s in nodes]
        rest_t = [t for nodes in targets.values() for t in nodes]
        if rest_s or rest_t:
            parts.append(group.part(rest_s, rest_t, _NAMES_REST.because()))
        return parts


def _families(nodes: Sequence[Node]) -> Families:
    found: Families = defaultdict(list)
    for node in nodes:
        found[node.place.words].append(node)
    return found


def _pop(families: Families, keys: Sequence[Words]) -> list[Node]:
    return [node for key in keys for node in families.pop(key)]


def _components(
    sources: Families, targets: Families
) -> list[tuple[list[Words], list[Words], list[str]]]:
    """Returns the sets of families that are each other's best, with the words that say so."""
    if len(sources) < 2 or len(targets) < 2:
        return []
    if len(sources) * len(targets) > _SCORED:
        return [
            ([s], [s], sorted(s)) for s in sources if len(sources[s]) == len(targets.get(s, ()))
        ]
    scores = _scores(list(sources), list(targets))
    best_s = {s: _best({t: scores[s, t] for t in targets}) for s in sources}
    best_t = {t: _best({s: scores[s, t] for s in sources}) for t in targets}
    found: dict[frozenset[Words], list[Words]] = defaultdict(list)
    for source, best in best_s.items():
        if best and all(source in best_t[t] for t in best):
            found[best].append(source)
    result = []
    for best, mine in found.items():
        mutual = all(best_t[t] == frozenset(mine) for t in best)
        count = sum(len(sources[s]) for s in mine) == sum(len(targets[t]) for t in best)
        whole = len(mine) == len(sources) and len(best) == len(targets)
        if mutual and count and not whole:
            result.append((mine, sorted(best, key=sorted), _telling(mine, best, sources)))
    return result


def _telling(
    sources: Sequence[Words], targets: frozenset[Words], every: Mapping[Words, object]
) -> list[str]:
    """Returns the words shared by families of both sides, without those that all sources have."""
    words = set.intersection(*(set(s) for s in sources))
    shared = sorted(w for w in words if any(_alike(w, o) for t in targets for o in t))
    return [w for w in shared if not all(w in s for s in every)] or shared


def _best(scores: Mapping[Words, float]) -> frozenset[Words]:
    top = max(scores.values())
    return frozenset(k for k, v in scores.items() if v > top - 1e-9) if top > 0 else frozenset()


def _scores(sources: Sequence[Words], targets: Sequence[Words]) -> dict[tuple[Words, Words], float]:
    """Scores families by shared words; a word counts the more, the fewer families have it."""
    weight_s, weight_t = _weights(sources), _weights(targets)
    index: dict[str, list[str]] = {w: [o for o in weight_t if _alike(w, o)] for w in weight_s}
    scores = {}
    for s in sources:
        alike = [(weight_s[w], o) for w in s for o in index[w]]
        for t in targets:
            scores[s, t] = sum(weight * weight_t[o] for weight, o in alike if o in t)
    return scores


def _weights(families: Sequence[Words]) -> dict[str, float]:
    counts: dict[str, int] = defaultdict(int)
    for words in families:
        for word in words:
            counts[word] += 1
    return {w: 0.0 if n == len(families) else 1 / n for w, n in counts.items()}


def _alike(a: str, b: str) -> bool:
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) < _PREFIX or not long.startswith(short):
        return False
    return len(long) - len(short) >= _LEFT_OUT or long == f"{short}s"
