"""Which ops the messages name that a graph's collections hold: variables, loops, branches, queues.

Their classes aren't public in TensorFlow, and what imports a graph fails where one names an op that
isn't there: of a while loop each op that 1.15 counts to it, of a queue's runner each that it runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from tf1compat.checkpoint.wire import WireError, fields
from tf1compat.names.graph_names import op_name

__all__ = ["Context", "contexts_in", "named_ops"]

_CONTEXTS = {"cond_context": 1, "while_context": 2}  # fields of ControlFlowContextDef, too


class _Kind(NamedTuple):
    """Numbers of fields, as 1.15's ``control_flow.proto`` has them."""

    named: tuple[int, ...]
    values: int
    nested: int


_KINDS = {1: _Kind((2, 3), 5, 6), 2: _Kind((5, 6, 7, 8, 10, 11), 9, 12)}
_VALUE, _EXTERNAL = 1, 2  # fields of ValuesDef
_OUTER, _INNER = 1, 2  # of an entry of its map


class Context(NamedTuple):
    """A loop or a branch of the graph, with those within.

    Attributes:
      own: its ops.
      named: these, and all others that it names.
    """

    own: frozenset[str]
    named: frozenset[str]


def contexts_in(key: str, messages: Sequence[bytes]) -> list[Context | None]:
    """Returns the loops or branches that a collection has; None for what is none of them."""
    return [_context(_CONTEXTS[key], one) if key in _CONTEXTS else None for one in messages]


def named_ops(message: bytes) -> list[str]:
    """Returns the texts that a message has, as names of ops; none of bytes that are none."""
    found = []
    try:
        for one in fields(message):
            with contextlib.suppress(WireError):  # a number, or bytes that are no text
                found.append(op_name(one.text()))
    except WireError:
        return []
    return found


def _context(kind: int, message: bytes) -> Context | None:
    own, named, waiting = set[str](), set[str](), [(kind, memoryview(message))]
    try:
        while waiting:
            number, data = waiting.pop()
            one = _KINDS[number]
            for field in fields(data):
                if field.number in one.named:
                    named.add(op_name(field.text()))
                elif field.number == one.values:
                    inner, outer = _values(field.message())
                    own |= inner
                    named |= inner | outer
                elif field.number == one.nested:
                    inside = fields(field.message())
                    waiting += [(f.number, f.message()) for f in inside if f.number in _KINDS]
    except WireError:
        return None
    return Context(frozenset(own), frozenset(named - {""}))


def _values(message: memoryview) -> tuple[set[str], set[str]]:
    """Returns the ops within a context, and those without that it uses."""
    values, outer = set(), set()
    for field in fields(message):
        if field.number == _VALUE:
            values.add(field.text())
        elif field.number == _EXTERNAL:
            ends = {one.number: one.text() for one in fields(field.message())}
            outer.add(ends.get(_OUTER, ""))
            values.add(ends.get(_INNER, ""))
    return {op_name(one) for one in values - outer} - {""}, {op_name(one) for one in outer}
