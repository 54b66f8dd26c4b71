"""An opened checkpoint: a read-only mapping of names to entries."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import TYPE_CHECKING

from tf1compat.checkpoint.bundle.file_names import MANIFEST
from tf1compat.checkpoint.bundle.v2 import V2
from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.object_based.keys import OBJECT_GRAPH, parse_key, readable_names
from tf1compat.checkpoint.source_formats import format_of, graph_path_of, open_index
from tf1compat.errors import CheckpointError, UnknownNameError
from tf1compat.files.standing import exists
from tf1compat.stopping import SIGNALS, stoppable

if TYPE_CHECKING:
    from tf1compat.checkpoint.audit import Audit
    from tf1compat.checkpoint.object_based.describing import Described
    from tf1compat.checkpoint.source_formats import SourceFormat
    from tf1compat.names import VariableName

__all__ = ["Checkpoint"]


class Checkpoint(Mapping[str, Entry]):
    """The variables of a checkpoint by their full names, in the order of the index (by bytes).

    Open one with :func:`tf1compat.checkpoint.open_checkpoint`. In an object-based one (of
    ``tf.train.Checkpoint``, or Keras' ``save_weights``) a variable goes by its path of attributes,
    ``fc/kernel``; it is also found by the key that is stored,
    ``fc/kernel/.ATTRIBUTES/VARIABLE_VALUE``.

    Attributes:
      prefix: the path it goes by: what its files' names begin with, or that of its one file.
      format: ``"V2"``, ``"V1"`` or another name in
        :data:`~tf1compat.checkpoint.source_formats.SOURCE_FORMATS`.
    """

    def __init__(self, prefix: str, source: SourceFormat | None = None) -> None:
        """Opens the one at `prefix`, or what a `source` of no registered format has.

        Args:
          prefix: the path it goes by; of a `source` that is no file, what it is called.
          source: a :class:`~tf1compat.checkpoint.source_formats.SourceFormat`; None for that of
            the files at `prefix`.
        """
        self.prefix = prefix
        self._format = format_of(prefix) if source is None else source
        self.format = self._format.name
        self._index = open_index(self._format, prefix)
        names = self._index.names()
        self._keys = readable_names(names) if OBJECT_GRAPH in names else {n: n for n in names}
        self._others = self._index.other_names()
        self._fixed = self._index.fixed_names()
        self._entries: dict[str, Entry] = {}
        self._parsed: Mapping[str, VariableName] | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The files it is made of: the index first, then each data file that holds a value."""
        return self._index.files()

    @property
    def graph_path(self) -> str | None:
        """The file that has its v1 graph (a ``.meta``); None where there is none."""
        return graph_path_of(self._format, self.prefix)

    @property
    def is_object_based(self) -> bool:
        """Whether a TF2 object graph is in it, so that names are paths of Python attributes."""
        return OBJECT_GRAPH in self._keys

    @property
    def saved_names(self) -> Mapping[str, str]:
        """Of an object-based checkpoint, what variables were called where they were saved.

        By name, as far as the object graph tells; two may have had the same. Empty for others.
        """
        return self._described.saved_names if self.is_object_based else {}

    @property
    def other_names(self) -> Mapping[str, str]:
        """The names of variables by others that find them too, where the format has such.

        A file of Keras 3 counts them: ``layers/dense/vars/0`` finds ``scores/kernel``.
        """
        return self._others

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            readable = self._readable(name)
            if readable is None:
                raise self._unknown(name)
            if readable != name:
                return self[readable]
            key = self._keys[name]
            stored, shape, parts = self._index.lookup(key)
            self._entries[name] = Entry(
                name,
                stored=stored,
                shape=shape,
                parts=parts,
                named=self._name,
                stored_key=key,
                is_fixed=key in self._fixed,
            )
        return self._entries[name]

    def values(self) -> ValuesView[Entry]:
        """Returns a view of the entries, in the order of the names."""
        self._look_all_up()
        return super().values()

    def items(self) -> ItemsView[str, Entry]:
        """Returns a view of the names, each with its entry."""
        self._look_all_up()
        return super().items()

    @stoppable(SIGNALS[:1])  # once for all that is asked within
    def _look_all_up(self) -> None:
        for name in self._keys:
            self[name]

    def _readable(self, name: object) -> str | None:
        """Returns the name of what goes by it, or is stored under it; None where nothing does."""
        if name in self._keys:
            return str(name)
        if not self.is_object_based:
            return self._others.get(str(name))
        readable = parse_key(str(name)).name
        return readable if self._keys.get(readable) == name else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, name: object) -> bool:
        return self._readable(name) is not None

    def __repr__(self) -> str:
        return f"Checkpoint({self.prefix!r}, format={self.format}, {len(self)} variables)"

    def __str__(self) -> str:
        from tf1compat.checkpoint._views import text

        return text(self.prefix, self.format, self)

    def _repr_html_(self) -> str:
        from tf1compat.checkpoint._views import html

        return html(str(self), self)

    def check(self) -> tuple[CheckpointError, ...]:
        """Reads and checks every byte of every file; returns all that is wrong, () if nothing is.

        Each error names file, variable and offset. Reported are also bytes of a data file that
        belong to no variable, which readers of single variables never see, and what isn't as the
        manifest says that :func:`~tf1compat.checkpoint.write_checkpoint` puts beside a checkpoint.
        """
        audit = self.audit()
        found = list(audit.found)
        for name, entry in self.items():
            wrong = entry.check()
            if audit.has_manifest and not wrong:
                wrong = audit.of_value(name, entry.read())
            found += wrong
        return tuple({str(error): error for error in found}.values())

    def audit(self) -> Audit:
        """Returns what is wrong but for the values, and what to hold values against that are read.

        For who reads every value anyway; :meth:`check` is the whole of it.
        """
        from tf1compat.checkpoint.audit import Audit  # listing should not wait for it

        manifest = self.prefix + MANIFEST if self.format == V2.name else None
        return Audit(self._index, self, keys=self._keys, manifest=manifest)

    def unlike_manifest(self, names: Iterable[str]) -> tuple[CheckpointError, ...]:
        """Returns how some variables, and the list of all, aren't as the manifest beside says.

        () where there is none: only :func:`~tf1compat.checkpoint.write_checkpoint` puts one there.
        Each of the variables is read.
        """
        if self.format != V2.name or not exists(self.prefix + MANIFEST):
            return ()
        audit = self.audit()
        found = list(audit.found)
        for name in names if audit.has_manifest else ():
            found += audit.of_value(name, self[name].read())
        return tuple(found)

    def _name(self, name: str) -> VariableName:
        if self._parsed is None:
            known = self._index.known_names()
            self._parsed = known or (
                self._described.names if self.is_object_based else self._by_names()
            )
        return self._parsed[name]

    def _by_names(self) -> Mapping[str, VariableName]:
        from tf1compat.names import parse_names  # listing should not wait for it

        shapes = {name: entry.shape for name, entry in self.items()}
        parsed = parse_names(self._keys, shapes)  # a slot is told from a namesake by its shape
        kinds = self._index.kinds()
        if not kinds:
            return parsed
        known = {
            name: _of_kind(one, kinds[name]) if name in kinds else one
            for name, one in parsed.items()
        }
        from tf1compat.names.kept_slots import kept_slots

        below = {name: name.removeprefix(_OF_OPTIMIZERS) for name in kinds}
        return {**known, **dict(kept_slots(known, below))}

    @functools.cached_property
    def _described(self) -> Described:
        from tf1compat.checkpoint.object_based.describing import describe

        return describe(self)

    def _unknown(self, name: object) -> UnknownNameError:
        from tf1compat.names import nearest_names

        near = nearest_names(str(name)[:200], self._keys)
        where = os.path.basename(self.prefix)
        return UnknownNameError(f"{name!r} is not in {where}; nearest: {', '.join(near)}")


_OF_OPTIMIZERS = "optimizer_weights/"  # of Keras 2 in HDF5


def _of_kind(name: VariableName, kind: str) -> VariableName:
    if kind == "optimizer_state" and name.kind in ("slot", "shadow"):
        return name
    return dataclasses.replace(name, kind=kind, role="unknown")
