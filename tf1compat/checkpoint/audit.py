"""What can be told of a checkpoint beyond its values' own checksums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tf1compat.checkpoint.object_based.keys import OBJECT_GRAPH
from tf1compat.errors import CheckpointError
from tf1compat.files.standing import exists

if TYPE_CHECKING:
    import numpy as np

    from tf1compat.checkpoint.bundle.written import Written
    from tf1compat.checkpoint.entry import Entry
    from tf1compat.checkpoint.source_formats import SourceIndex

__all__ = ["Audit"]


class Audit:
    """A look at a checkpoint's files, to which whoever reads values hands them as well.

    Attributes:
      found: what is wrong but for the values: bytes that belong to no variable, files too many, an
        object graph that doesn't fit, and variables that were written, by the manifest, and that
        aren't there.
    """

    def __init__(
        self,
        index: SourceIndex,
        entries: Mapping[str, Entry],
        *,
        keys: Mapping[str, str],
        manifest: str | None,
    ) -> None:
        """Looks at all but the values.

        Args:
          index: the opened checkpoint.
          entries: its variables by name.
          keys: what they are stored as, by name.
          manifest: where :func:`~tf1compat.checkpoint.write_checkpoint` would have put one.
        """
        self.found: list[CheckpointError] = list(index.check())
        self._entries = entries
        self._keys = keys
        if OBJECT_GRAPH in keys:
            from tf1compat.checkpoint.object_based.describing import check_graph

            self.found += check_graph(entries[OBJECT_GRAPH])
        self._written = None if manifest is None else self._read_manifest(manifest)
        if self._written is not None:
            self.found += self._written.gone(keys[name] for name in entries)

    @property
    def has_manifest(self) -> bool:
        """Whether values are held against a manifest."""
        return self._written is not None

    def of_value(self, name: str, value: np.ndarray) -> list[CheckpointError]:
        """Returns how a variable isn't what the manifest says was written; [] without one.

        Args:
          name: a name of the checkpoint.
          value: all of what was read of it.
        """
        if self._written is None:
            return []
        return list(self._written.unlike(self._keys[name], self._entries[name], value))

    def _read_manifest(self, path: str) -> Written | None:
        if not exists(path):
            return None
        from tf1compat.checkpoint.bundle.written import Written

        try:
            return Written.read(path)
        except CheckpointError as error:
            self.found.append(error)
            return None
