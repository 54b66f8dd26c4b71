"""Frozen graphs as checkpoints: constants that were variables, under their names.

The file is also the graph, with variables again in the place of its constants.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

from tf1compat.budget import Budget, Meter
from tf1compat.checkpoint._array_index import ArrayPart, StoredArray
from tf1compat.checkpoint.bundle.file_names import META, has_values_beside, is_of_saved_model
from tf1compat.checkpoint.foreign.looking import FROZEN, GRAPH, SAVED, recognise
from tf1compat.checkpoint.raw_part import RawPart, whole_region
from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.errors import CheckpointError, CorruptCheckpointError, UnsupportedCheckpointError
from tf1compat.files.regular import SeenFile, open_regular
from tf1compat.files.standing import exists, is_file, is_folder

if TYPE_CHECKING:
    import numpy as np

    from tf1compat.checkpoint.meta.frozen import Frozen

__all__ = ["FrozenGraph", "FrozenIndex"]

_BINARY, _TEXT = ".pb", ".pbtxt"
_REPEATED = Meter("bytes of repeated values", each=8, least=48 << 20)


class FrozenGraph:
    """A GraphDef in ``.pb`` or ``.pbtxt``, or one in a ``.meta`` or a SavedModel without values."""

    name = "frozen graph"
    summary = "a .pb, .pbtxt or .meta file whose variables were made constants; without checksums"

    def prefix_of(self, path: str) -> str | None:
        """Returns the path itself where it is called as such a graph."""
        if path.endswith(META):
            return path if is_file(path) and not has_values_beside(path) else None
        return path if path.endswith((_BINARY, _TEXT)) and not is_of_saved_model(path) else None

    def exists(self, prefix: str) -> bool:
        """Tells whether there is such a file; a SavedModel's only if its values are within."""
        if is_of_saved_model(prefix):
            return holds_values(prefix)
        if not exists(prefix) or is_folder(prefix) or self.prefix_of(prefix) is None:
            return False
        found = recognise(prefix)  # a SavedModel by another name goes by what is beside it
        return found is None or found.key != SAVED

    def prefixes(self, directory: str, names: list[str]) -> set[str]:
        """Returns nothing: graphs aren't told from others by their names."""
        return set()

    def is_directory(self, path: str) -> bool:
        """Returns False: it is one file."""
        return False

    def graph_path(self, prefix: str) -> str | None:
        """Returns the file itself."""
        return prefix

    def open(self, prefix: str) -> FrozenIndex:
        """Reads the graph, without values where it isn't text."""
        from tf1compat.checkpoint.meta.meta_graph import frozen_graph

        _require_graph(prefix)
        with open_regular(prefix) as file:
            frozen = frozen_graph(file)
            if frozen is None:
                raise _without_values(prefix)
            return FrozenIndex(SeenFile(prefix, file.identity), frozen)


def holds_values(path: str) -> bool:
    """Tells whether a SavedModel's graph, which has no values beside it, holds them itself."""
    from tf1compat.checkpoint.meta.meta_graph import frozen_graph

    if not is_file(path) or has_values_beside(path):
        return False
    try:
        with open_regular(path) as file:
            return frozen_graph(file) is not None
    except CheckpointError:  # which opening it tells
        return False


def _require_graph(path: str) -> None:
    """Raises UnsupportedCheckpointError for a file that is of another kind."""
    found = recognise(path)
    if found is not None and found.key not in (FROZEN, GRAPH, SAVED):
        raise _other(path, f"{found.what}; {found.remedy}")


def _without_values(path: str) -> CheckpointError:
    """Returns the error of a graph that holds no values."""
    found = recognise(path)
    if found is None or found.key == FROZEN or path.endswith(_TEXT):
        return _other(
            path,
            "a graph without constants that were variables; name the checkpoint that belongs to it",
        )
    return _other(path, f"{found.what}; {found.remedy}")


def _other(path: str, found: str) -> UnsupportedCheckpointError:
    return UnsupportedCheckpointError(f"{path}: expected a frozen graph, found {found}")


class FrozenIndex:
    """The constants of a frozen graph that were variables, those within functions too."""

    def __init__(self, file: SeenFile, frozen: Frozen) -> None:
        self._file = file
        self._frozen = frozen
        self._constants = {**frozen.constants, **frozen.within}
        self._names = tuple(sorted(self._constants, key=str.encode))
        for name in self._names:
            self._require_sound(name)

    def names(self) -> tuple[str, ...]:
        """Returns the variables' names, sorted by their bytes."""
        return self._names

    def lookup(
        self, name: str
    ) -> tuple[StoredType, tuple[int, ...], tuple[RawPart | ArrayPart, ...]]:
        """Returns dtype, shape and the one piece of a variable; KeyError where there is none."""
        constant = self._constants[name]
        region = whole_region(constant.shape)
        part: RawPart | ArrayPart
        if constant.content is not None and self._frozen.in_file:
            begin, end = constant.content
            part = RawPart(region, self._file, begin, end - begin, constant.stored)
        else:
            read = functools.partial(self._read, name)
            array = StoredArray(constant.stored, constant.shape, read)
            part = ArrayPart(region, self._file.path, array)
        return constant.stored, constant.shape, (part,)

    def fixed_names(self) -> tuple[str, ...]:
        """Returns those that are constants of its graph's functions, which has no other values."""
        return tuple(self._frozen.within)

    def files(self) -> tuple[str, ...]:
        """Returns the path of its file."""
        return (self._file.path,)

    def check(self) -> list[CheckpointError]:
        """Returns nothing: opening it has looked at all but the values."""
        return []

    def _require_sound(self, name: str) -> None:
        """Raises CorruptCheckpointError where a value in one piece isn't as large as its shape."""
        constant = self._constants[name]
        size = math.prod(constant.shape) * constant.stored.itemsize
        if constant.content is not None and constant.content[1] - constant.content[0] != size:
            begin, end = constant.content
            raise CorruptCheckpointError(
                f"expected {size} bytes of {constant.stored.name} of shape {constant.shape}, "
                f"found {end - begin}",
                file=self._file.path,
                variable=name,
                offset=begin if self._frozen.in_file else None,
            )

    def _read(self, name: str) -> np.ndarray:
        """Returns a value that isn't in the file as it is in memory."""
        from tf1compat.checkpoint.tensor_proto import decode_constant
        from tf1compat.checkpoint.wire import WireError

        constant = self._constants[name]
        with self._file.opened(variable=name) as file:
            count = math.prod(constant.shape)
            budget = Budget(file.path, file.size)
            budget.admit(_REPEATED, count * (constant.stored.itemsize or 8))
            data = self._frozen.tensor(constant, file)
        try:
            flat = decode_constant(memoryview(data), stored=constant.stored, count=count)
        except WireError as error:
            raise CorruptCheckpointError(
                error.message,
                file=self._file.path,
                variable=name,
                offset=constant.begin if self._frozen.in_file else None,
            ) from error
        return flat.reshape(constant.shape)
