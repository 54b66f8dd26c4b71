"""Queries, keys and values in one kernel, onto a weight for each, and the other way round.

Or keys and values in one, and queries apart from them.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tf1compat.checkpoint import Entry
from tf1compat.migration.matching import Item
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind, Reason

__all__ = ["Attention"]

_BY_GRAPH = Kind("qkv_graph", "the graph takes {kernel} apart into {order}, {how}")
_BY_NAME = Kind("qkv_name", "{kernel} has GPT-2's queries, keys and values one after the other")
_SAID = Kind("qkv_said", "qkv_order={order!r} for {kernel}")

Roles: TypeAlias = "tuple[str, ...]"

_QKV: Roles = ("query", "key", "value")
_KV: Roles = ("key", "value")
_PLURALS = {"query": "queries", "key": "keys", "value": "values"}
_FUSED = re.compile(
    r"(?i)(?:\w+_)?(?:(qkv|query_key_value|c_attn)|kv|key_value)(?:_(?:proj|projection|dense))?"
)
_GPT2 = re.compile(r"(?i)(?:\w+_)?c_attn")
_APART = re.compile(r"(?i)(?:w_?)?(q|k|v|query|key|value)(?:_(?:proj|projection|dense|layer))?")
_KERNELS = ("kernel", "weights", "w")
_BIASES = ("bias", "biases", "b")
_ONE_EACH = "attention with a weight each for {what}"
_IN_ONE = "attention with {what} in one weight"
_ASKS = (
    "{what} in one kernel: whether all {first} stand before all {second} or each head has its own "
    "together, only the graph says: say qkv_order='blocks' or 'heads' (--qkv_order=...)"
)
_ASKS_ORDER = (
    "{what} in one kernel: the graph takes it apart, and doesn't say which is which: say "
    "qkv_order='blocks' or 'heads' (--qkv_order=...) if they stand as its name has them, or give "
    "each a rule"
)
_ASKS_HEADS = (
    "{what} of each head together, and nothing says how many heads: give each a rule with a layout "
    "such as group_part(1, HEADS, {count}, 0)"
)


class Attention(Reading):
    """Told by the split in the graph, by GPT-2's ``c_attn``, or by the user; never by shape."""

    name = "attention"
    kinds = (_BY_GRAPH, _BY_NAME, _SAID)

    def read(self, source: Source) -> Iterator[Part | Question]:
        model = _Model.of(source.targets)
        if model.apart and not model.fused:
            for fused in _fused(source):
                yield from fused.parts(source, model.heads)
        elif len(model.fused) == 1 and not model.apart:
            ((word, roles),) = model.fused.items()
            yield from _joined(source, word, roles)


@dataclasses.dataclass(frozen=True)
class _Model:
    """How a model keeps its queries, keys and values.

    Attributes:
      apart: whether it has a kernel for each.
      fused: names of its layers with several in one kernel, and what those are.
      heads: how many heads its kernels show; 0 where they don't, or differ.
    """

    apart: bool
    fused: Mapping[str, Roles]
    heads: int

    @classmethod
    def of(cls, targets: Mapping[str, Item]) -> _Model:
        apart, heads = set(), set()
        fused: dict[str, Roles] = {}
        for item in targets.values():
            last = item.module.rpartition("/")[2]
            if len(item.shape) < 2 or item.role != "kernel":
                continue
            if roles := _roles_in_one(last):
                fused[last] = roles
            elif role := _role(last):
                apart.add(role)
                heads.add(item.shape[1] if len(item.shape) == 3 else 0)
        return cls(apart == {*_QKV}, fused, heads.pop() if len(heads) == 1 else 0)


def _role(level: str) -> str:
    """Returns which of the three a name speaks of; ``""`` if of none."""
    found = _APART.fullmatch(level)
    return next((r for r in _QKV if r[0] == found[1][0].lower()), "") if found else ""


def _roles_in_one(level: str) -> Roles:
    """Returns what a name says is in one; () if it speaks of no such thing."""
    found = _FUSED.fullmatch(level)
    return () if found is None else _QKV if found[1] else _KV


def _words(roles: Roles) -> str:
    """Returns roles in words: ``queries, keys and values``."""
    *others, last = (_PLURALS[role] for role in roles)
    return f"{', '.join(others)} and {last}"


def _asks(roles: Roles) -> str:
    return _ASKS.format(what=_words(roles), first=_PLURALS[roles[0]], second=_PLURALS[roles[1]])


def _asks_heads(roles: Roles) -> str:
    return _ASKS_HEADS.format(what=_words(roles), count=len(roles))


@dataclasses.dataclass(frozen=True)
class _Fused:
    """A kernel of several in one, with its bias, in a scope.

    Attributes:
      scope: the scope that stands for all of them.
      kernel: the kernel.
      bias: its bias, if it has one.
      roles: what is in it, as the graph or else its name says.
      told: whether the graph says it.
    """

    scope: str
    kernel: Entry
    bias: Entry | None
    roles: Roles
    told: bool

    def parts(self, source: Source, heads: int) -> Iterator[Part | Question]:
        names = (self.kernel.key, *([self.bias.key] if self.bias else []))
        known = self._known(source, heads)
        if isinstance(known, str):
            yield Question(names, known)
            return
        groups, because = known
        held = {"kernel": self.kernel} | ({"bias": self.bias} if self.bias else {})
        for role, entry in held.items():
            for what in self.roles:
                yield self._part(entry, role, what, groups=groups, because=because)

    def _part(self, entry: Entry, role: str, what: str, *, groups: int, because: Reason) -> Part:
        *rest, columns = entry.shape
        count, number = len(self.roles), self.roles.index(what)
        axis, size = len(rest), columns // count
        layout = f"group_part({axis}, {groups}, {count}, {number})"
        if groups == 1:
            layout = f"split({axis}, {number * size}, {(number + 1) * size})"
        module = f"{self.scope}/{what}".lstrip("/")
        shape, sources = (*rest, size), (entry.key,)
        layer = _ONE_EACH.format(what=_words(self.roles))
        return Part(f"{module}/{role}", module, role, shape, sources, layout, layer, because)

    def _known(self, source: Source, heads: int) -> tuple[int, Reason] | str:
        """Returns the groups and from what they are known; else what to ask."""
        name, columns = self.kernel.key, self.kernel.shape[-1]
        named = self.kernel.name.scope.rpartition("/")[2]
        read = source.uses.fused.get(name) if source.uses is not None else None
        groups = read.groups(columns) if read and read.parts == len(self.roles) else 0
        if groups and self.told:
            how = "one after the other" if groups == 1 else f"in each of {groups} groups"
            return groups, _BY_GRAPH.because(kernel=name, order=self.roles, how=how)
        if _GPT2.fullmatch(named):
            return 1, _BY_NAME.because(kernel=name)
        said = source.assumptions.qkv_order
        if said is None:
            return _ASKS_ORDER.format(what=_words(self.roles)) if groups else _asks(self.roles)
        groups = groups or (1 if said == "blocks" else heads)
        fits = groups and columns % (groups * len(self.roles)) == 0
        because = _SAID.because(kernel=name, order=said)
        return (groups, because) if fits else _asks_heads(self.roles)


def _fused(source: Source) -> Iterator[_Fused]:
    """Yields the kernels that the graph takes apart, or that are called so."""
    known = source.uses.fused if source.uses is not None else {}
    for scope, held in source.by_scope.items():
        around, _, last = scope.rpartition("/")
        for leaf, kernel in held.items():
            found = known.get(kernel.key)
            # Much is taken apart into three: by the graph it is attention where a softmax follows.
            told = found.order if found else ()
            roles = told or (_roles_in_one(last) if leaf in _KERNELS else ())
            bias = source.entries.get(found.bias) if found else None
            bias = bias or next((held[one] for one in _BIASES if one in held), None)
            if roles and _is_fused(kernel, bias, len(roles)):
                yield _Fused(around if leaf in _KERNELS else scope, kernel, bias, roles, bool(told))


def _is_fused(kernel: Entry, bias: Entry | None, count: int) -> bool:
    *rest, columns = kernel.shape or (0,)
    plain = len([size for size in rest if size != 1]) == 1
    return plain and columns % count == 0 and (bias is None or bias.shape == (columns,))


def _joined(source: Source, word: str, roles: Roles) -> Iterator[Part | Question]:
    """Yields what several kernels are in one, in each scope that has them side by side."""
    around: dict[str, dict[str, Mapping[str, Entry]]] = defaultdict(dict)
    for scope, held in source.by_scope.items():
        above, _, last = scope.rpartition("/")
        if role := _role(last):
            around[above][role] = held
    for scope, each in around.items():
        if not {*roles} <= {*each}:
            continue
        for role, leaves in (("kernel", _KERNELS), ("bias", _BIASES)):
            entries = [
                next((each[what][leaf] for leaf in leaves if leaf in each[what]), None)
                for what in roles
            ]
            given = [entry for entry in entries if entry is not None]
            if len(given) == len(roles) and len({entry.shape for entry in given}) == 1:
                one = _InOne(f"{scope}/{word}".lstrip("/"), word, roles)
                yield one.of(role, given, source.assumptions.qkv_order)


@dataclasses.dataclass(frozen=True)
class _InOne:
    """A layer with several in one weight, that a scope would be."""

    module: str
    word: str
    roles: Roles

    def of(self, role: str, given: list[Entry], said: str | None) -> Part | Question:
        """Returns the weight of all, as the layer of that name has it, or what to ask."""
        names = tuple(entry.key for entry in given)
        first = 1 if role == "kernel" else 0
        shape = given[0].shape
        in_heads = len(shape) == first + 2
        known = _GPT2.fullmatch(self.word)
        order = "blocks" if known else said
        if order is None:
            return Question(names, _asks(self.roles))
        if not in_heads and (order == "heads" or len(shape) != first + 1):
            return Question(names, _asks_heads(self.roles))
        axis = first + 1 if order == "heads" else first
        columns = len(self.roles) * shape[first] * (shape[first + 1] if in_heads else 1)
        made = (*shape[:first], columns)
        layout = f"concatenate({axis})"
        if in_heads:
            layout += f" | reshape({', '.join(map(str, made))})"
        because = (
            _BY_NAME.because(kernel=self.module)
            if known
            else _SAID.because(kernel=self.module, order=order)
        )
        path, layer = f"{self.module}/{role}", _IN_ONE.format(what=_words(self.roles))
        return Part(path, self.module, role, made, names, layout, layer, because)
