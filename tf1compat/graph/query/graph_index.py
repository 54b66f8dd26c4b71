"""An index over what a graph collected, kept with the graph and renewed as the graph grows."""

from __future__ import annotations

import bisect
import contextlib
import dataclasses
import functools
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.graph.building import kept_with
from tf1compat.graph.items import GraphItem, expand_parts, is_variable
from tf1compat.names import VariableName, parse_names
from tf1compat.names.op_types import VARIABLE_OPS
from tf1compat.names.parse import PART_MARK, find_part

__all__ = ["GraphIndex", "index_of"]

v1 = tf.compat.v1
_INDEXES = "query indexes"
_VARIABLE_KEYS = (v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.LOCAL_VARIABLES)


class GraphIndex:
    """The items of one graph (or of one collection of it), in order of creation, with look-ups.

    Attributes:
      graph: the graph.
      items: every item once, in order of creation.
    """

    def __init__(
        self, graph: tf.Graph, *, key: str | None = None, before: GraphIndex | None = None
    ) -> None:
        self.graph = graph
        self.key = key
        self._lists = {name: list(graph.get_collection_ref(name)) for name in _keys(graph)}
        self._compared_quickly = frozenset(
            name for name, values in self._lists.items() if _equal_by_identity(graph, values)
        )
        known = {} if before is None else {id(item.value): item for item in before.items}
        found = self._collect(known)
        self._ordinals: _Ordinals = _Ordinals() if before is None else before._ordinals
        self.items: tuple[GraphItem, ...] = tuple(self._in_order(found))
        self.positions = {id(item.value): at for at, item in enumerate(self.items)}

    def is_current(self) -> bool:
        """Returns whether the graph's collections still hold exactly what was indexed."""
        keys = _keys(self.graph)
        if len(keys) != len(self._lists) or not all(key in self._lists for key in keys):
            return False
        with self._quick_equality():
            return all(self._unchanged(key, self.graph.get_collection_ref(key)) for key in keys)

    def _quick_equality(self) -> contextlib.AbstractContextManager[Any]:
        # Inside a tf.Graph a variable's == is `is`; outside it may build an operation.
        return self.graph.as_default() if self._compared_quickly else contextlib.nullcontext()

    def _unchanged(self, key: str, now: list[Any]) -> bool:
        """Returns whether `now` holds the same objects as when it was indexed."""
        then = self._lists[key]
        if key in self._compared_quickly:  # ten times as quick as asking one by one
            try:
                return then == now
            except Exception:  # whatever the == of a new thing raises, the thing is new
                return False
        return len(then) == len(now) and all(map(operator.is_, then, now))

    def in_collection(self, key: str) -> frozenset[int]:
        """Returns the positions of the items that collection `key` holds."""
        return self._members.get(key, frozenset())

    def in_scope(self, scope: str) -> Iterable[int]:
        """Returns the positions of the items in `scope`, which ends at its slash."""
        bare = scope.removesuffix("/")
        if not bare:
            return range(len(self.items))
        return self._starting_with(bare + "/")

    def named(self, name: str) -> Iterable[int]:
        """Returns the positions of the items called `name`, or parts of what is called so."""
        exact = self._between(name, name + "\0")
        parts = self._starting_with(name + PART_MARK)
        return [*exact, *(at for at in parts if self.items[at].whole_name == name)]

    @functools.cached_property
    def parsed(self) -> dict[str, VariableName]:
        """What the names say together (roles, slots, shadows), by the items' names.

        A part goes by the name of its whole, which the graph knows and names alone can't: a part's
        slot is one of the same part.
        """
        shapes = {item.whole_name: item.whole_shape for item in self.items if item.whole_shape}
        whole = parse_names(dict.fromkeys(item.whole_name for item in self.items), shapes)
        places = {(item.whole_name, item.offset): item.name for item in self.items}
        return {item.name: _placed(whole[item.whole_name], item, places) for item in self.items}

    def _starting_with(self, prefix: str) -> Sequence[int]:
        # Names with one beginning are one run of the sorted ones, up to the next character's.
        return self._between(prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1))

    def _between(self, low: str, high: str) -> Sequence[int]:
        names, positions = self._sorted
        return positions[bisect.bisect_left(names, low) : bisect.bisect_left(names, high)]

    @functools.cached_property
    def _sorted(self) -> tuple[list[str], list[int]]:
        order = sorted(range(len(self.items)), key=lambda at: self.items[at].name)
        return [self.items[at].name for at in order], order

    @functools.cached_property
    def _members(self) -> dict[str, frozenset[int]]:
        return {
            key: frozenset(
                self.positions[id(part)]
                for value in values
                for part in expand_parts(value)
                if id(part) in self.positions
            )
            for key, values in self._lists.items()
        }

    def _collect(self, known: dict[int, GraphItem]) -> list[GraphItem]:
        """Returns an item for each thing of the key's collection, or for each variable of all."""
        items: dict[int, GraphItem] = {}
        keys: dict[int, tuple[str, ...]] = {}
        longer: dict[tuple[tuple[str, ...], str], tuple[str, ...]] = {}  # one tuple for all alike
        for key in sorted(self._lists, key=lambda key: (key not in _VARIABLE_KEYS, key)):
            for part in self._parts(self._lists[key], known):
                at = id(part)
                before = keys.get(at, ())
                if key not in before:
                    pair = before, key
                    keys[at] = longer.get(pair) or longer.setdefault(pair, _with(before, key))
                if at not in items and (at in known or self._wanted(key, part)):
                    items[at] = known.get(at) or GraphItem(part)
        return [item.with_collections(keys[at]) for at, item in items.items()]

    def _wanted(self, key: str, part: Any) -> bool:
        if self.key is not None:
            return key == self.key
        # Wrappers of variables that are no tf.Variable are known by where they are filed.
        return is_variable(part) or (key in _VARIABLE_KEYS and hasattr(part, "name"))

    def _parts(self, values: list[Any], known: dict[int, GraphItem]) -> Iterator[Any]:
        for value in values:
            if id(value) in known:
                yield value
            else:
                yield from expand_parts(value)

    def _in_order(self, items: list[GraphItem]) -> list[GraphItem]:
        """Returns `items` by creation; what has no operation stays behind what it came after."""
        made = [item.op.name for item in items if item.op is not None]
        ordinals = iter(self._ordinals.of(self.graph, made))
        places: list[int] = []
        for item in items:
            last = places[-1] if places else -1
            places.append(last if item.op is None else next(ordinals))
        return [items[at] for at in sorted(range(len(items)), key=places.__getitem__)]


class _Ordinals:
    """Remembers at which place of its graph each operation was made, of those asked for."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._seen = 0

    def of(self, graph: tf.Graph, names: Sequence[str]) -> list[int]:
        """Returns the place of each of `names`; the last for what the graph doesn't hold."""
        self._look_at(graph)
        missing = {name for name in names if name not in self._places}
        if missing:
            for place, operation in enumerate(graph.get_operations()):
                if operation.name in missing:
                    self._places[operation.name] = place
        return [self._places.get(name, self._seen) for name in names]

    def _look_at(self, graph: tf.Graph) -> None:
        operations = graph.get_operations()
        for place in range(self._seen, len(operations)):
            if operations[place].type in VARIABLE_OPS:
                self._places[operations[place].name] = place
        self._seen = len(operations)


def index_of(graph: tf.Graph, *, key: str | None = None) -> GraphIndex:
    """Returns the index of `graph`'s variables, or of the things in its collection `key`.

    The index is made once and renewed when a collection has changed in any way, including one
    that an in-place edit of ``get_collection_ref`` made.
    """
    indexes: dict[str | None, GraphIndex] = kept_with(graph, _INDEXES, dict)
    before = indexes.get(key)
    if before is not None and before.is_current():
        return before
    indexes[key] = index = GraphIndex(graph, key=key, before=before)
    return index


def _keys(graph: tf.Graph) -> list[str]:
    return [key for key in graph.get_all_collection_keys() if isinstance(key, str)]


def _placed(
    parsed: VariableName, item: GraphItem, places: Mapping[tuple[str, tuple[int, ...]], str]
) -> VariableName:
    """Returns `parsed`, said of a whole, as said of `item`, which may be a part of it."""
    if item.part is None:
        return parsed
    return dataclasses.replace(
        parsed,
        full=item.name,
        slot_of=places.get((parsed.slot_of or "", item.offset), parsed.slot_of),
        shadow_of=places.get((parsed.shadow_of or "", item.offset), parsed.shadow_of),
        part=find_part(item.name),
    )


def _with(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(sorted((*keys, key)))


def _equal_by_identity(graph: tf.Graph, values: Sequence[Any]) -> bool:
    """Returns whether ``==`` between `values`, inside of `graph`, asks for identity and no more."""
    if type(graph) is not tf.Graph:  # a function's graph, in which == builds operations
        return False
    kinds = set(map(type, values))
    graphical = (tf.Variable, tf.Tensor)
    return all(issubclass(kind, graphical) or kind.__eq__ is object.__eq__ for kind in kinds)
