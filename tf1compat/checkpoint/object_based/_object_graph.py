"""The object graph of an object-based checkpoint, as ``trackable_object_graph.proto`` has it.

It is read strictly and as data: nothing in it is more than a name or the number of a node.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping

from tf1compat.budget import Budget, Meter
from tf1compat.checkpoint.wire import Buffer, Field, WireError, fields

__all__ = ["ObjectGraph", "ObjectNode", "parse_object_graph"]


_OBJECTS = Meter("objects", each=1 / 16, least=100_000)
_REFERENCES = Meter("references of objects", each=1 / 8, least=200_000)


class _Graph(enum.IntEnum):
    """TrackableObjectGraph."""

    NODES = 1


class _Object(enum.IntEnum):
    """TrackableObject; of what it has besides, such as the name of a saver, nothing is used."""

    CHILDREN = 1
    ATTRIBUTES = 2
    SLOT_VARIABLES = 3


class _Reference(enum.IntEnum):
    """ObjectReference."""

    NODE_ID = 1
    LOCAL_NAME = 2


class _Tensor(enum.IntEnum):
    """SerializedTensor."""

    NAME = 1
    FULL_NAME = 2
    CHECKPOINT_KEY = 3


class _Slot(enum.IntEnum):
    """SlotVariableReference."""

    ORIGINAL_VARIABLE_NODE_ID = 1
    SLOT_NAME = 2
    SLOT_VARIABLE_NODE_ID = 3


@dataclasses.dataclass(frozen=True)
class ObjectNode:
    """A Python object that was saved.

    Attributes:
      children: the nodes of its attributes, by their names.
      tensors: (key in the checkpoint, name of the variable in its program) of what it holds; the
        name is ``''`` where it has none.
      slots: the nodes of an optimizer's slots.
    """

    children: dict[str, int]
    tensors: tuple[tuple[str, str], ...]
    slots: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class ObjectGraph:
    """All objects, the root first.

    Attributes:
      nodes: the objects, by their numbers.
    """

    nodes: tuple[ObjectNode, ...]


def parse_object_graph(data: Buffer, *, file: str = "the object graph") -> ObjectGraph:
    """Returns what a TrackableObjectGraph says.

    Args:
      data: its bytes.
      file: what errors call it.

    Raises:
      WireError: it isn't one, or refers to a node that it doesn't have.
      BudgetError: it has far more objects, or references to them, than its size warrants.
    """
    budget = Budget(file, len(data))
    found = []
    for field in fields(data):
        if field.number == _Graph.NODES:
            budget.spend(_OBJECTS, 1)
            found.append(field)
    nodes = tuple(_node(field, count=len(found), budget=budget) for field in found)
    if not nodes:
        raise WireError("no objects", 0)
    return ObjectGraph(nodes)


def _node(field: Field, *, count: int, budget: Budget) -> ObjectNode:
    children: dict[str, int] = {}
    tensors: list[tuple[str, str]] = []
    slots: list[int] = []
    for part in fields(field.message()):
        budget.spend(_REFERENCES, 1)
        if part.number == _Object.CHILDREN:
            held = _held(part)
            number = _number(held.get(_Reference.NODE_ID), count=count)
            children[_text(held, _Reference.LOCAL_NAME)] = number
        elif part.number == _Object.ATTRIBUTES:
            held = _held(part)
            tensors.append((_text(held, _Tensor.CHECKPOINT_KEY), _text(held, _Tensor.FULL_NAME)))
        elif part.number == _Object.SLOT_VARIABLES:
            held = _held(part)
            _number(held.get(_Slot.ORIGINAL_VARIABLE_NODE_ID), count=count)
            slots.append(_number(held.get(_Slot.SLOT_VARIABLE_NODE_ID), count=count))
    return ObjectNode(children, tuple(tensors), tuple(slots))


def _held(field: Field) -> dict[int, Field]:
    """Returns a message's fields by their numbers."""
    return {part.number: part for part in fields(field.message())}


def _number(field: Field | None, *, count: int) -> int:
    """Returns the number of a node, of which there are `count`; proto3 leaves out a zero."""
    number = 0 if field is None else field.integer()
    if number >= count:
        raise WireError(f"node {number} of {count}", 0 if field is None else field.offset)
    return number


def _text(held: Mapping[int, Field], number: int) -> str:
    """Returns a text, which proto3 leaves out where it is empty."""
    return held[number].text() if number in held else ""
