"""Tensors that are to be written, known before a value is read."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from tf1compat.checkpoint.bundle.writer import Partitioned
from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.object_based.keys import OBJECT_GRAPH
from tf1compat.checkpoint.stored_types import stored_type_of
from tf1compat.errors import MisfitError, Problem

if TYPE_CHECKING:
    import numpy as np

    from tf1compat.names import VariableName

__all__ = [
    "Edit",
    "Item",
    "Planned",
    "planned",
    "require_distinct_names",
    "require_name_based",
    "value_of",
    "written_bytes",
]

Item: TypeAlias = "Entry | Partitioned | Callable[[], np.ndarray]"


@dataclasses.dataclass(frozen=True)
class Planned:
    """One tensor that is to be written.

    Attributes:
      name: the name to write it by.
      shape: its dimensions, of all of it where it is in slices.
      dtype: TensorFlow's name of its dtype.
      item: what gives its value when its turn comes: an entry, which keeps dtype and slices; what
        has slices of its own; or a callable.
      said: what the name that it was read by says, in the light of its checkpoint's others.
      done: what was done to it, in words; "" where it is as it was.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    item: Item
    said: VariableName
    done: str = ""

    @property
    def of(self) -> str:
        """The name of the variable that it is a slot or an average of; "" where of none."""
        return self.said.slot_of or self.said.shadow_of or ""

    def called(self, base: str) -> str:
        """Returns what it is called where the variable that it is of is called `base`.

        1.15 puts the scope of an optimizer in front of a variable's name, and the slot's behind.
        """
        end = len(self.name)
        while (at := self.name.rfind(self.of, 0, end)) > 0 and self.name[at - 1] != "/":
            end = at + len(self.of) - 1
        return f"{self.name[:at]}{base}{self.name[at + len(self.of) :]}"


@dataclasses.dataclass(frozen=True)
class Edit:
    """What a piece of surgery would write.

    Attributes:
      tensors: what is to be written, in order.
      left_out: names of what isn't, each with why.
    """

    tensors: tuple[Planned, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def planned(entries: Mapping[str, Entry]) -> tuple[Planned, ...]:
    """Returns the variables of a checkpoint as they stand."""
    return tuple(
        Planned(name, entry.shape, entry.dtype_name, entry, entry.name)
        for name, entry in entries.items()
    )


def written_bytes(one: Planned) -> int:
    """Returns how many bytes the value takes; of strings that aren't as they were, 0."""
    if isinstance(one.item, Entry):
        return one.item.nbytes
    return math.prod(one.shape) * stored_type_of(one.dtype).itemsize


def value_of(one: Planned) -> np.ndarray:
    """Returns the value of a tensor, in one piece.

    Raises:
      CheckpointError: it can't be read.
    """
    import numpy as np

    if isinstance(one.item, Entry):
        return one.item.read()
    if not isinstance(one.item, Partitioned):
        return one.item()
    parts = [(start, np.asarray(p() if callable(p) else p)) for start, p in one.item.parts]
    whole = np.empty(one.shape, parts[0][1].dtype)
    for start, part in parts:
        whole[tuple(slice(a, a + n) for a, n in zip(start, part.shape, strict=True))] = part
    return whole


def require_name_based(tensors: Sequence[Planned]) -> None:
    """Refuses the variables of an object-based checkpoint, whose object graph names them.

    Raises:
      MisfitError: it is one.
    """
    if any(one.said.full == OBJECT_GRAPH for one in tensors):
        raise MisfitError(
            f"expected a name-based checkpoint, found an object-based one, whose {OBJECT_GRAPH} "
            f"names what it holds; leave that out first: convert --variables={OBJECT_GRAPH}"
        )


def require_distinct_names(tensors: Sequence[Planned]) -> None:
    """Refuses tensors of which several would have one name.

    Raises:
      MisfitError: naming each such name, with what would have it.
    """
    by_name: dict[str, list[str]] = {}
    for one in tensors:
        by_name.setdefault(one.name, []).append(one.said.full)
    problems = [
        Problem(name, "one variable of this name", f"{len(olds)}: {', '.join(olds)}")
        for name, olds in by_name.items()
        if len(olds) > 1
    ]
    if problems:
        raise MisfitError.from_problems("nothing was written, names collide:", problems)
