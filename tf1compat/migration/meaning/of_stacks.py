"""Layers with a weight each on one side, and in one weight, layer by layer, on the other.

Told by numbers and by all that a layer holds: a kernel of [3, 8, 8] may be a convolution's too, but
with a bias of [3, 8] beside it, both are three layers'.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tf1compat.checkpoint import Entry
from tf1compat.migration.matching import Item
from tf1compat.migration.meaning._numbered_scopes import numbered, numbered_within
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["Stacks"]

_NUMBERED = Kind("stack_numbered", "{first} and so on are numbered as the rows of {count} layers")
_TAKEN_APART = Kind("stack_taken_apart", "all of {scope} is stacked, for {count} numbered layers")
_ONE_WEIGHT = "a layer with a weight of all of them, first to last"
_ONE_EACH = "as many layers, numbered, with a weight each"

Shape = tuple[int, ...]


class Stacks(Reading):
    """Weights of ``[layers, ...]``, as of layers in a scan, and those of each layer."""

    name = "stacks"
    kinds = (_NUMBERED, _TAKEN_APART)

    def read(self, source: Source) -> Iterator[Part | Question]:
        yield from _stacked(source)
        yield from _taken_apart(source)


@dataclasses.dataclass(frozen=True)
class _Row:
    """Names that differ in one level's number alone.

    Attributes:
      scope: what they have in common, without the number.
      word: the numbered level without its number.
      members: what has the names, by number.
    """

    scope: str
    word: str
    members: Mapping[int, str]

    @property
    def in_order(self) -> list[str]:
        """The members by their numbers."""
        return [self.members[number] for number in sorted(self.members)]

    @property
    def whole(self) -> bool:
        """Whether no number is missing, from 0 or 1 on."""
        numbers = sorted(self.members)
        first = numbers[0]
        return (
            len(numbers) > 1
            and first in (0, 1)
            and numbers == list(range(first, first + len(numbers)))
        )


def _rows(scopes: Iterable[str]) -> list[_Row]:
    """Returns scopes that are numbered alike, without gaps; one may be in several rows."""
    every = list(dict.fromkeys(scopes))
    found: dict[tuple[str, int, str], dict[int, str]] = defaultdict(dict)
    for scope in every:
        levels = scope.split("/")
        for place, level in enumerate(levels):
            parts = numbered(level)
            if parts is not None:
                word, number = parts
                common = "/".join(filter(None, [*levels[:place], word, *levels[place + 1 :]]))
                found[common, place, word][number] = scope
    for (common, _, _), members in found.items():
        # 1.x and Keras leave out the number of the first of a name.
        if 0 not in members and common in every:
            members[0] = common
    return [row for (c, _, w), m in found.items() if (row := _Row(c, w, m)).whole]


def _stacked(source: Source) -> Iterator[Part]:
    """Yields the stack of what numbered scopes hold, where the model has such a weight."""
    held = source.by_scope
    layers = _by_layer(source.targets.values())
    have = {(entry.name.role, entry.shape) for entry in source.entries.values()}
    wanted = {(item.role, item.shape) for item in source.targets.values()} - have
    rows = _rows(held)
    unclear = _claimed_twice(rows)
    for row in rows if layers else ():
        if row.scope in unclear:
            continue
        count, first = len(row.members), held[row.in_order[0]]
        for leaf, one in first.items():
            made = (one.name.role, (count, *one.shape))
            if made not in wanted or not one.shape:
                continue
            entries = [held[scope].get(leaf) for scope in row.in_order]
            alike = [e for e in entries if e and _spec(e) == _spec(one)]
            if len(alike) != count:
                continue
            fitting = [
                layer
                for layer, items in layers.items()
                if made in {(item.role, item.shape) for item in items}
                and (_are_stacks(items, count) or _speaks_of(layer, row.word))
            ]
            if fitting:
                yield Part(
                    f"{row.scope}/{leaf}",
                    row.scope,
                    one.name.role,
                    made[1],
                    tuple(entry.key for entry in alike),
                    f"concatenate(0) | reshape({', '.join(map(str, made[1]))})",
                    _ONE_WEIGHT,
                    _NUMBERED.because(first=one.key, count=count),
                )


def _claimed_twice(rows: Sequence[_Row]) -> set[str]:
    """Returns the rows of which a member is in another too: which number counts, nobody tells."""
    seen: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for member in row.members.values():
            seen[member].append(row.scope)
    return {scope for scopes in seen.values() if len(scopes) > 1 for scope in scopes}


def _spec(entry: Entry) -> tuple[Shape, str]:
    return entry.shape, entry.dtype_name


def _by_layer(items: Iterable[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[item.module].append(item)
    return found


def _are_stacks(items: Sequence[Item] | Sequence[Entry], count: int) -> bool:
    """Tells whether all that a layer holds, of different ranks, has its layers first."""
    ranks = {len(item.shape) for item in items}
    return len(ranks) > 1 and all(item.shape[:1] == (count,) for item in items)


def _speaks_of(path: str, word: str) -> bool:
    """Tells whether a name is the plural of a word: ``layers`` of ``layer_0``."""
    return bool(word) and any(level in (f"{word}s", f"{word}_stack") for level in path.split("/"))


def _taken_apart(source: Source) -> Iterator[Part]:
    """Yields the rows of stacks, where the model has as many numbered layers."""
    layers = _by_layer(source.targets.values())
    rows = _rows(layers)
    whole = {(item.role, item.shape) for item in source.targets.values()}
    for scope, held in source.by_scope.items():
        for entry in held.values():
            if len(entry.shape) < 2 or (entry.name.role, entry.shape) in whole:
                continue
            count = entry.shape[0]
            wanted = (entry.name.role, entry.shape[1:])
            if wanted not in whole:
                continue
            fitting = [
                row
                for row in rows
                if len(row.members) == count
                and all(
                    wanted in {(item.role, item.shape) for item in layers[layer]}
                    for layer in row.members.values()
                )
                and (_are_stacks(list(held.values()), count) or _speaks_of(scope, row.word))
            ]
            if fitting:
                beside = numbered_within(source.by_scope, scope, count)
                yield from _of_rows(scope, entry, beside or _as_the_model(scope, fitting))


def _as_the_model(scope: str, rows: Sequence[_Row]) -> list[str]:
    """Returns the names of a stack's layers, numbered as those of the model that fit."""
    firsts, words = {min(row.members) for row in rows}, {row.word for row in rows}
    first = firsts.pop() if len(firsts) == 1 else 0
    return [_numbered(scope, words, number + first) for number in range(len(rows[0].members))]


def _of_rows(scope: str, entry: Entry, modules: Sequence[str]) -> Iterator[Part]:
    because = _TAKEN_APART.because(scope=scope or "the root", count=entry.shape[0])
    for number, module in enumerate(modules):
        yield Part(
            f"{module}/{entry.name.leaf}",
            module,
            entry.name.role,
            (1, *entry.shape[1:]),
            (entry.key,),
            f"split(0, {number}, {number + 1})",
            _ONE_EACH,
            because,
        )


def _numbered(scope: str, words: Iterable[str], number: int) -> str:
    """Returns the name of one layer of a stack: its number where the model's layers have it."""
    levels = scope.split("/")
    for place, level in enumerate(levels):
        for word in words:
            if _speaks_of(level, word):
                return "/".join([*levels[:place], f"{word}_{number}", *levels[place + 1 :]])
    return f"{scope}_{number}"
