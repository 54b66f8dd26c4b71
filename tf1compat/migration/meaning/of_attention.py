"""Queries, keys and values in one kernel, onto a weight for each, and the other way round."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.matching import Item
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind, Reason

__all__ = ["Attention"]

_BY_GRAPH = Kind("qkv_graph", "the graph takes {kernel} apart into {order}, {how}")
_BY_NAME = Kind("qkv_name", "{kernel} has GPT-2's queries, keys and values one after the other")
_SAID = Kind("qkv_said", "qkv_order={order!r} for {kernel}")

_ROLES = ("query", "key", "value")
_FUSED = re.compile(r"(?i)(?:\w+_)?(?:qkv|query_key_value|c_attn)(?:_(?:proj|projection|dense))?")
_GPT2 = re.compile(r"(?i)(?:\w+_)?c_attn")
_APART = re.compile(r"(?i)(?:w_?)?(q|k|v|query|key|value)(?:_(?:proj|projection|dense|layer))?")
_KERNELS = ("kernel", "weights", "w")
_BIASES = ("bias", "biases", "b")
_ONE_EACH = "attention with a weight each for queries, keys and values"
_IN_ONE = "attention with queries, keys and values in one weight"
_ASKS = (
    "queries, keys and values in one kernel: whether all queries stand before all keys or each "
    "head has its own together, only the graph says: say qkv_order='blocks' or 'heads'"
)
_ASKS_HEADS = (
    "queries, keys and values of each head together, and nothing says how many heads: give each a "
    "rule with a layout such as group_part(1, HEADS, 3, 0)"
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
        elif model.fused and not model.apart:
            yield from _joined(source, model.fused)


@dataclasses.dataclass(frozen=True)
class _Model:
    """How a model keeps its queries, keys and values.

    Attributes:
      apart: whether it has a kernel for each.
      fused: names of its layers with all in one kernel.
      heads: how many heads its kernels show; 0 where they don't, or differ.
    """

    apart: bool
    fused: tuple[str, ...]
    heads: int

    @classmethod
    def of(cls, targets: Mapping[str, Item]) -> _Model:
        roles, heads = set(), set()
        fused: dict[str, None] = {}
        for item in targets.values():
            last = item.module.rpartition("/")[2]
            if len(item.shape) < 2 or item.role != "kernel":
                continue
            if _FUSED.fullmatch(last):
                fused[last] = None
            elif role := _role(last):
                roles.add(role)
                heads.add(item.shape[1] if len(item.shape) == 3 else 0)
        return cls(len(roles) == len(_ROLES), tuple(fused), heads.pop() if len(heads) == 1 else 0)


def _role(level: str) -> str:
    """Returns which of the three a name speaks of; ``""`` if of none."""
    found = _APART.fullmatch(level)
    return next((r for r in _ROLES if r[0] == found[1][0].lower()), "") if found else ""


@dataclasses.dataclass(frozen=True)
class _Fused:
    """A kernel of all three, with its bias, in a scope."""

    scope: str
    kernel: Entry
    bias: Entry | None

    def parts(self, source: Source, heads: int) -> Iterator[Part | Question]:
        names = (self.kernel.key, *([self.bias.key] if self.bias else []))
        known = self._known(source, heads)
        if isinstance(known, str):
            yield Question(names, known)
            return
        groups, order, because = known
        held = {"kernel": self.kernel} | ({"bias": self.bias} if self.bias else {})
        for role, entry in held.items():
            for number, what in enumerate(order):
                yield self._part(entry, role, what, number=number, groups=groups, because=because)

    def _part(
        self, entry: Entry, role: str, what: str, *, number: int, groups: int, because: Reason
    ) -> Part:
        *rest, columns = entry.shape
        axis, size = len(rest), columns // len(_ROLES)
        layout = f"group_part({axis}, {groups}, {len(_ROLES)}, {number})"
        if groups == 1:
            layout = f"split({axis}, {number * size}, {(number + 1) * size})"
        module = f"{self.scope}/{what}".lstrip("/")
        shape, sources = (*rest, size), (entry.key,)
        return Part(f"{module}/{role}", module, role, shape, sources, layout, _ONE_EACH, because)

    def _known(self, source: Source, heads: int) -> tuple[int, tuple[str, ...], Reason] | str:
        """Returns the groups, the order within them and from what it is known; else what to ask."""
        name = self.kernel.key
        named = self.kernel.name.scope.rpartition("/")[2]
        read = source.uses.fused.get(name) if source.uses is not None else None
        groups = read.groups(self.kernel.shape[-1]) if read else 0
        if read is not None and groups:
            # Where the graph shows no softmax of their product, the letters of `qkv` say the order.
            order = read.order or _ROLES
            how = "one after the other" if groups == 1 else f"in each of {groups} groups"
            return groups, order, _BY_GRAPH.because(kernel=name, order=order, how=how)
        if _GPT2.fullmatch(named):
            return 1, _ROLES, _BY_NAME.because(kernel=name)
        said = source.assumptions.qkv_order
        if said is None:
            return _ASKS
        groups = 1 if said == "blocks" else heads
        fits = groups and self.kernel.shape[-1] % (groups * len(_ROLES)) == 0
        return (groups, _ROLES, _SAID.because(kernel=name, order=said)) if fits else _ASKS_HEADS


def _fused(source: Source) -> Iterator[_Fused]:
    """Yields the kernels that the graph takes apart, or that are called so."""
    known = source.uses.fused if source.uses is not None else {}
    for scope, held in source.by_scope.items():
        around, _, last = scope.rpartition("/")
        for leaf, kernel in held.items():
            found = known.get(kernel.key)
            named = leaf in _KERNELS and _FUSED.fullmatch(last)
            # Much is taken apart into three: by the graph it is attention where a softmax follows.
            if not named and not (found and found.order):
                continue
            bias = source.entries.get(found.bias) if found else None
            bias = bias or next((held[one] for one in _BIASES if one in held), None)
            if _is_fused(kernel, bias):
                yield _Fused(around if leaf in _KERNELS else scope, kernel, bias)


def _is_fused(kernel: Entry, bias: Entry | None) -> bool:
    *rest, columns = kernel.shape or (0,)
    plain = len([size for size in rest if size != 1]) == 1
    return plain and columns % len(_ROLES) == 0 and (bias is None or bias.shape == (columns,))


def _joined(source: Source, fused: tuple[str, ...]) -> Iterator[Part | Question]:
    """Yields what three kernels are in one, in each scope that has them side by side."""
    around: dict[str, dict[str, Mapping[str, Entry]]] = defaultdict(dict)
    for scope, held in source.by_scope.items():
        above, _, last = scope.rpartition("/")
        if role := _role(last):
            around[above][role] = held
    for scope, three in around.items():
        if len(three) != len(_ROLES) or len(fused) != 1:
            continue
        for role, leaves in (("kernel", _KERNELS), ("bias", _BIASES)):
            entries = [
                next((three[what][leaf] for leaf in leaves if leaf in three[what]), None)
                for what in _ROLES
            ]
            given = [entry for entry in entries if entry is not None]
            if len(given) == len(_ROLES) and len({entry.shape for entry in given}) == 1:
                yield _in_one(scope, fused[0], role, given=given, said=source.assumptions.qkv_order)


def _in_one(
    scope: str, word: str, role: str, *, given: list[Entry], said: str | None
) -> Part | Question:
    """Returns the weight of all three, as the layer of that name has it, or what to ask."""
    names = tuple(entry.key for entry in given)
    first = 1 if role == "kernel" else 0
    shape = given[0].shape
    in_heads = len(shape) == first + 2
    order = "blocks" if _GPT2.fullmatch(word) else said
    if order is None:
        return Question(names, _ASKS)
    if not in_heads and (order == "heads" or len(shape) != first + 1):
        return Question(names, _ASKS_HEADS)
    axis = first + 1 if order == "heads" else first
    columns = len(_ROLES) * shape[first] * (shape[first + 1] if in_heads else 1)
    made = (*shape[:first], columns)
    layout = f"concatenate({axis})"
    if in_heads:
        layout += f" | reshape({', '.join(map(str, made))})"
    module = f"{scope}/{word}".lstrip("/")
    kind = _BY_NAME if _GPT2.fullmatch(word) else _SAID
    facts = {"kernel": module} if kind is _BY_NAME else {"kernel": module, "order": order}
    because = kind.because(**facts)
    return Part(f"{module}/{role}", module, role, made, names, layout, _IN_ONE, because)
