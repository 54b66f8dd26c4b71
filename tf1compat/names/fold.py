"""Many names in few lines: names that differ only in numbers become one pattern."""

from __future__ import annotations

import collections
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from tf1compat.names.order import natural_key, split_numbers

__all__ = ["fold_names", "run_text", "unfold_names"]

_SET = re.compile(r"\{\{|\}\}|\{([0-9.,]+)\}")
_MOST_NUMBERS = 16  # names with more numbers than this are shown as they are
_MOST_VARYING = 6  # and so are groups in which more of them vary
_LONGEST = 1024

Numbers = tuple[str, ...]


def fold_names(names: Iterable[str]) -> list[str]:
    """Returns lines that together stand for exactly the set of `names`, in natural order.

    Names that are the same but for numbers share a line: ``layer_{0..23}/kernel``,
    ``conv{1,3..5}/bias``, and several sets in one line stand for all their combinations. Braces in
    a name itself are doubled. :func:`unfold_names` gives the names back.

    >>> fold_names(["b/w"] + [f"layer_{i}/kernel" for i in range(24)])
    ['b/w', 'layer_{0..23}/kernel']
    >>> fold_names(["b1/u1", "b1/u2", "b2/u1", "b2/u2", "b3/u1"])
    ['b3/u1', 'b{1,2}/u{1,2}']
    """
    groups: dict[Numbers, set[Numbers]] = collections.defaultdict(set)
    lines: list[str] = []
    for name in dict.fromkeys(names):
        pieces = split_numbers(name)
        if len(name) > _LONGEST or len(pieces) > 2 * _MOST_NUMBERS:
            lines.append(_escaped(name))
        else:
            groups[tuple(pieces[::2])].add(tuple(pieces[1::2]))
    for texts, numbers in groups.items():
        for sets in _cover(numbers):
            lines.append(_line(texts, sets))
    return sorted(lines, key=natural_key)


def unfold_names(lines: Iterable[str]) -> list[str]:
    """Returns the names that `lines` of :func:`fold_names` stand for, in their order.

    >>> unfold_names(["layer_{0,8..10}/w"])
    ['layer_0/w', 'layer_8/w', 'layer_9/w', 'layer_10/w']
    """
    return [name for line in lines for name in _unfold(line)]


def _unfold(line: str) -> Iterator[str]:
    choices: list[Sequence[str]] = []
    end = 0
    for match in _SET.finditer(line):
        inner = match[1]
        choices += [[line[end : match.start()]], list(_members(inner)) if inner else [match[0][0]]]
        end = match.end()
    for pieces in itertools.product(*choices, [line[end:]]):
        yield "".join(pieces)


def _members(inner: str) -> Iterator[str]:
    """Yields the numbers of a set's text, ``'0,2..5'``; zeros in front give the width."""
    for item in inner.split(","):
        first, _, last = item.partition("..")
        for value in range(int(first), int(last or first) + 1):
            yield f"{value:0{len(first)}d}" if first.startswith("0") else str(value)


def _cover(rows: set[Numbers]) -> list[tuple[tuple[str, ...], ...]]:
    """Returns products of sets (one set a column) that are disjoint and make up `rows` exactly."""
    first = next(iter(rows))
    varying = [c for c in range(len(first)) if any(row[c] != first[c] for row in rows)]
    if len(varying) > _MOST_VARYING:
        return [tuple((value,) for value in row) for row in rows]
    if not varying:
        return [tuple((value,) for value in first)]
    splits = {column: _split(rows, column) for column in varying}
    column = min(varying, key=lambda index: (len(splits[index]), index))
    covers: list[tuple[tuple[str, ...], ...]] = []
    for rest, values in splits[column].items():
        for cover in _cover(set(rest)):
            covers.extend(
                (*cover[:column], styled, *cover[column:]) for styled in _same_style(values)
            )
    return covers


def _split(rows: set[Numbers], column: int) -> dict[frozenset[Numbers], list[str]]:
    """Returns the values of `column`, those that combine with the same other columns together."""
    others: dict[str, set[Numbers]] = collections.defaultdict(set)
    for row in rows:
        others[row[column]].add(row[:column] + row[column + 1 :])
    groups: dict[frozenset[Numbers], list[str]] = collections.defaultdict(list)
    for value, rest in others.items():
        groups[frozenset(rest)].append(value)
    return groups


def _same_style(values: Iterable[str]) -> list[tuple[str, ...]]:
    """Returns `values` cut into sets that one pattern can show: plain, or padded to one width."""
    widths: dict[int, list[str]] = collections.defaultdict(list)
    plain: list[str] = []
    for value in values:
        if len(value) > 1 and value.startswith("0"):
            widths[len(value)].append(value)
        else:
            plain.append(value)
    for width in widths:  # 00..09 takes 10..99 along
        widths[width] += [value for value in plain if len(value) == width]
        plain = [value for value in plain if len(value) != width]
    return [tuple(group) for group in (plain, *widths.values()) if group]


def _line(texts: Numbers, sets: Sequence[Sequence[str]]) -> str:
    pieces = [_escaped(texts[0])]
    for text, values in zip(texts[1:], sets, strict=True):
        pieces += [_shown(values), _escaped(text)]
    return "".join(pieces)


def _shown(values: Sequence[str]) -> str:
    """Returns one number as it is, several as ``{0,2..5}``."""
    if len(values) == 1:
        return values[0]
    runs: list[list[str]] = []
    for value in sorted(values, key=lambda value: (len(value), value)):
        if runs and _follows(runs[-1][-1], value):
            runs[-1].append(value)
        else:
            runs.append([value])
    return "{" + ",".join(text for run in runs for text in run_text(run)) + "}"


def _follows(before: str, value: str) -> bool:
    return int(value) == int(before) + 1


def run_text(run: Sequence[str]) -> list[str]:
    """Returns the texts of numbers that follow each other: three and more by their ends."""
    return [f"{run[0]}..{run[-1]}"] if len(run) > 2 else list(run)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
