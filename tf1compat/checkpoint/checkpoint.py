"""An opened checkpoint: a read-only mapping of names to entries."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.formats import format_of
from tf1compat.errors import CheckpointError, UnknownNameError

if TYPE_CHECKING:
    from tf1compat.names import VariableName

__all__ = ["Checkpoint"]

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


class Checkpoint(Mapping[str, Entry]):
    """The variables of a checkpoint by their full names, in the order of the index (by bytes).

    Open one with :func:`tf1compat.checkpoint.open_checkpoint`.

    Attributes:
      prefix: the path it goes by: what its files' names begin with, or that of its one file.
      format: ``"V2"``, ``"V1"`` or another name in
        :data:`~tf1compat.checkpoint.formats.SOURCE_FORMATS`.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._format = format_of(prefix)
        self.format = self._format.name
        self._index = self._format.open(prefix)
        self._variables = dict.fromkeys(self._index.names())
        self._entries: dict[str, Entry] = {}
        self._parsed: dict[str, VariableName] | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The files it is made of: the index first, then each data file that holds a value."""
        return self._index.files()

    @property
    def graph_path(self) -> str | None:
        """The file that has its v1 graph (a ``.meta``); None where there is none."""
        return self._format.graph_path(self.prefix)

    @property
    def is_object_based(self) -> bool:
        """Whether a TF2 object graph is in it, so that names are paths of Python attributes."""
        return OBJECT_GRAPH in self._variables

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            if name not in self._variables:
                raise self._unknown(name)
            stored, shape, parts = self._index.lookup(name)
            self._entries[name] = Entry(
                name, stored=stored, shape=shape, parts=parts, named=self._name
            )
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __contains__(self, name: object) -> bool:
        return name in self._variables

    def __repr__(self) -> str:
        return f"Checkpoint({self.prefix!r}, format={self.format}, {len(self)} variables)"

    def check(self) -> tuple[CheckpointError, ...]:
        """Reads and checks every byte of every file; returns all that is wrong, () if nothing is.

        Each error names file, variable and offset. Reported are also bytes of a data file that
        belong to no variable, which readers of single variables never see.
        """
        found = self._index.check()
        for entry in self.values():
            found += entry.check()
        return tuple({str(error): error for error in found}.values())

    def _name(self, name: str) -> VariableName:
        if self._parsed is None:
            from tf1compat.names import parse_names  # listing should not wait for it

            self._parsed = parse_names(self._variables, self._shapes())
        return self._parsed[name]

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns all shapes: a slot is told from a namesake by having its variable's."""
        return {name: self._index.lookup(name)[1] for name in self._variables}

    def _unknown(self, name: object) -> UnknownNameError:
        from tf1compat.names import nearest_names

        near = nearest_names(str(name)[:200], self._variables)
        where = os.path.basename(self.prefix)
        return UnknownNameError(f"{name!r} is not in {where}; nearest: {', '.join(near)}")
