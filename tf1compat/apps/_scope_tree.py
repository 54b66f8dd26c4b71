"""Names as a tree of their scopes, in which scopes that hold the same stand once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Union

from tf1compat.names.fold import fold_names
from tf1compat.names.order import split_numbers

__all__ = ["Line", "tree_lines"]

_INDENT = "  "
_DEEPEST = 64  # scopes; real names have a dozen, and what is hostile may have thousands

Node = Union[int, "Mapping[str, Node]"]  # which of the names, or what is below a scope


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a tree.

    Attributes:
      text: the scope or the leaf, indented.
      at: of a leaf, which of the names it is; the first one of several that it stands for.
      count: how many scopes, or names, of its kind it stands for.
      holds: which of the names it stands for, or stand below it; within scopes that stand once for
        several, of the first of them alone.
      every: the same of all of them.
    """

    text: str
    at: int | None = None
    count: int = 1
    holds: tuple[int, ...] = ()
    every: tuple[int, ...] = ()


def tree_lines(names: Sequence[str], *, alike: Sequence[object] | None = None) -> list[Line]:
    """Returns the lines of a tree, in the order of the names.

    Args:
      names: scopes and a leaf each, with slashes.
      alike: of each name, what has to be equal where one line stands for several that differ in a
        number; none does by default.

    >>> for line in tree_lines(["a/b/w", "a/c_0/w", "a/c_1/w", "s"], alike=[1, 2, 2, 3]):
    ...     print(line.text, line.count)
    a/ 1
      b/w 1
      c_{0,1}/w 2
    s 1
    """
    root: dict[str, Any] = {}
    for at, name in enumerate(names):
        *scopes, leaf = name.split("/", _DEEPEST)
        below = root
        for scope in scopes:
            below = below.setdefault(f"{scope}/", {})
        below[leaf] = at
    return list(_lines([root], 0, _Kinds(alike)))


class _Kinds:
    """What tells nodes that may stand for each other: each kind's number."""

    def __init__(self, alike: Sequence[object] | None) -> None:
        self._alike = alike
        self._numbers: dict[object, int] = {}

    def of(self, node: Node) -> int:
        """Returns a number that two nodes share if they hold the same under the same names."""
        if isinstance(node, int):
            found: object = ("leaf", self._alike[node] if self._alike else node)
        else:
            found = tuple((name, self.of(below)) for name, below in node.items())
        return self._numbers.setdefault(found, len(self._numbers))


def _lines(nodes: Sequence[Mapping[str, Node]], depth: int, kinds: _Kinds) -> Iterator[Line]:
    """Yields the lines of the first node, which stands for all of them."""
    for names in _groups(nodes[0], kinds):
        text = names[0] if len(names) == 1 else fold_names(names)[0]
        holds = tuple(at for name in names for at in _below(nodes[0][name]))
        below = [node[name] for node in nodes for name in names]
        every = tuple(at for one in below for at in _below(one))
        while (more := _only(below[0])) is not None:  # a scope of one thing has no line
            below = [one[more] for one in below if not isinstance(one, int)]
            text += more
        first = below[0]
        at = first if isinstance(first, int) else None
        yield Line(_INDENT * depth + text, at, len(names), holds, every)
        scopes = [one for one in below if not isinstance(one, int)]
        if scopes:
            yield from _lines(scopes, depth + 1, kinds)


def _only(node: Node) -> str | None:
    """Returns the name of the one thing that a scope holds."""
    return next(iter(node)) if not isinstance(node, int) and len(node) == 1 else None


def _below(node: Node) -> Iterator[int]:
    if isinstance(node, int):
        yield node
        return
    for below in node.values():
        yield from _below(below)


def _groups(node: Mapping[str, Node], kinds: _Kinds) -> Iterator[list[str]]:
    """Yields the names that stand together: what is below is alike, and one pattern gives them."""
    found: dict[tuple[object, ...], list[str]] = {}
    for name, below in node.items():
        found.setdefault((tuple(split_numbers(name)[::2]), kinds.of(below)), []).append(name)
    for names in found.values():
        together = len(fold_names(names)) == 1
        yield from [names] if together else [[name] for name in names]
