"""V1 checkpoints: tables that hold tensors in protocol buffers, in one file or several.

The messages are those of ``saved_tensor_slice.proto``.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tf1compat.budget import Budget, Meter
from tf1compat.checkpoint.covering import uncovered
from tf1compat.checkpoint.slices import (
    EXTENTS,
    Extents,
    Region,
    ordered_slice_key,
    parse_extents,
    parse_shape,
    placed,
)
from tf1compat.checkpoint.stored_types import StoredType, stored_type
from tf1compat.checkpoint.table.reader import Table
from tf1compat.checkpoint.table.versions import parse_versions
from tf1compat.checkpoint.v1_format._small_values import Values
from tf1compat.checkpoint.wire import WireError, fields
from tf1compat.errors import CheckpointError, CorruptCheckpointError
from tf1compat.names.cut_parts import cut_part

if TYPE_CHECKING:
    from tf1compat.checkpoint.streams import Stream

__all__ = ["TableIndex", "TablePart", "TableRecord"]


_NAME, _SHAPE, _TYPE, _SLICE = 1, 2, 3, 4  # fields of a SavedSliceMeta
_PER_BYTE = 22  # elements: each takes a byte at least, and compressed bytes give 22 at most
_LONGEST = 16  # bytes of an element
_BLOCK = 1 << 20  # bytes that a block may hold beside one large tensor
VARIABLES = Meter("variables", each=1 / 8, least=100_000)


class TableRecord(NamedTuple):
    """What a V1 file's SavedSliceMeta says of a variable, and which slices which file holds."""

    stored: StoredType
    shape: tuple[int, ...]
    slices: list[tuple[Extents, Values]]


class TablePart(NamedTuple):
    """A tensor, or one slice of one, in a V1 file."""

    region: Region
    values: Values
    key: bytes
    stored: StoredType

    @property
    def path(self) -> str:
        """The file that holds it."""
        return self.values.table.path

    def stored_bytes(self) -> int:
        """Returns the bytes it takes in its block, which has to be read to tell."""
        return len(self._value(self.values.table))

    def require(self, variable: str) -> None:
        """Raises CorruptCheckpointError where its block is too small to hold it."""
        table = self.values.table.naming(variable)
        handle = table.handles[self._place(table)]
        count = math.prod(self.region.shape)
        if count > handle.size * _PER_BYTE:
            raise table.corrupt(f"{count} elements in {handle.size} bytes", handle.offset)

    @contextlib.contextmanager
    def stream(self, variable: str) -> Iterator[Stream]:
        """Reads and checks its block, and gives its elements."""
        from tf1compat.checkpoint.streams import ArrayStream
        from tf1compat.checkpoint.tensor_proto import decode_tensor

        table = self.values.table.naming(variable)
        offset = table.handles[self._place(table)].offset
        value = self._value(table)
        try:
            flat = decode_tensor(
                _value(value), stored=self.stored, count=math.prod(self.region.shape)
            )
        except WireError as error:
            raise table.corrupt(error.message, offset) from error
        yield ArrayStream(flat)

    def _most(self) -> int:
        """Returns how many bytes a block that holds it may become."""
        return math.prod(self.region.shape) * _LONGEST + _BLOCK

    def _place(self, table: Table) -> int:
        place = table.find(self.key)
        if place is None:
            raise table.corrupt("the value is missing", None)
        return place

    def _value(self, table: Table) -> memoryview:
        place = self._place(table)
        value = self.values.take(self.key, place, table=table, limit=self._most())
        if value is None:
            raise table.corrupt("the value is missing from its block", table.handles[place].offset)
        return value


class TableIndex:
    """What the files of a V1 checkpoint say they hold; their tensors aren't read.

    Raises:
      CorruptCheckpointError: a file is missing or damaged, or two contradict each other.
      UnsupportedCheckpointError: the files are for newer readers.
      BudgetError: a file says that it holds more than its size warrants.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = tuple(paths)
        self._records: dict[str, TableRecord] = {}
        for path in self._paths:
            self._load(Table(path))
        self._require_covered()

    def names(self) -> tuple[str, ...]:
        """Returns the variables' names, sorted by their bytes."""
        return tuple(sorted(self._records, key=str.encode))

    def files(self) -> tuple[str, ...]:
        """Returns the paths of the files."""
        return self._paths

    def lookup(self, name: str) -> tuple[StoredType, tuple[int, ...], tuple[TablePart, ...]]:
        """Returns dtype, shape and stored pieces of a variable; KeyError where there is none."""
        stored, whole, slices = self._records[name]
        cut, key = self._cut_region(name), name.encode()
        shape = cut.shape if cut else whole
        parts = tuple(
            TablePart(
                Region((0,) * len(shape), shape) if cut else placed(extents, whole),
                values,
                ordered_slice_key(key, extents),
                stored,
            )
            for extents, values in slices
        )
        return stored, shape, parts

    def _cut_region(self, name: str) -> Region | None:
        """Returns where a slot's part is that 1.15 saved below a scope; None for anything else.

        It says the whole variable's shape, and has one slice, which is one of the variable's.
        """
        _, shape, slices = self._records[name]
        found = cut_part(name, self._records) if len(slices) == 1 else None
        if found is None:
            return None
        base, region = self._records[found.base], placed(slices[0][0], shape)
        own = [placed(extents, base.shape) for extents, _ in base.slices]
        is_part = base.shape == shape and region in own and region.shape != shape
        return region if is_part else None

    def check(self) -> list[CheckpointError]:
        """Reads every block of every file; returns what is wrong but for the values themselves."""
        known: dict[str, dict[bytes, int]] = {path: {b"": 0} for path in self._paths}
        for name in self._records:
            for part in self.lookup(name)[-1]:
                known[part.path][part.key] = math.prod(part.region.shape) * _LONGEST
        found = []
        for path in self._paths:
            found += _check_keys(path, known[path])
        return found

    def _load(self, table: Table) -> None:
        first = next(iter(table.block(0)), None) if table.handles else None
        if first is None or first.key:
            raise table.corrupt("the file does not begin with what it holds", 0)
        values, budget = Values(table), Budget(table.path, table.size)
        try:
            for field in fields(_only(first.value, 1)):
                if field.number == 1:
                    budget.spend(VARIABLES, 1)
                    self._add(values, _slice_meta(field.message(), budget))
                elif field.number == 2:
                    parse_versions(field.message(), path=table.path)
        except WireError as error:
            raise table.corrupt(error.message, 0) from error

    def _add(
        self, values: Values, meta: tuple[str, StoredType, tuple[int, ...], list[Extents]]
    ) -> None:
        name, stored, shape, slices = meta
        record = self._records.setdefault(name, TableRecord(stored, shape, []))
        if record.stored != stored or record.shape != shape:
            raise WireError(f"variable {name[:200]!r} differs between files", 0)
        for extents in slices:
            placed(extents, shape)
            record.slices.append((extents, values))

    def _require_covered(self) -> None:
        for name, (_, shape, slices) in self._records.items():
            wrong = uncovered([placed(extents, shape) for extents, _ in slices], shape)
            if wrong and self._cut_region(name) is None:
                path = self._paths[0]
                raise CorruptCheckpointError(wrong, file=path, variable=name[:200])


def _only(data: memoryview, number: int) -> memoryview:
    """Returns the one message that `data` should hold, in field `number`."""
    found = list(fields(data))
    if len(found) != 1 or found[0].number != number:
        raise WireError(f"expected one message, in field {number}", 0)
    return found[0].message()


def _value(data: memoryview) -> memoryview:
    """Returns the TensorProto in a record's SavedTensorSlices."""
    value = memoryview(b"")
    for field in fields(_only(data, 2)):
        if field.number == 3:
            value = field.message()
    return value


def _slice_meta(
    data: memoryview, budget: Budget
) -> tuple[str, StoredType, tuple[int, ...], list[Extents]]:
    """Returns name, dtype, shape and slices of a SavedSliceMeta."""
    name, code = "", 0
    shape: tuple[int, ...] = ()
    slices: list[Extents] = []
    for field in fields(data):
        if field.number == _NAME:
            name = _text(field.message())
        elif field.number == _SHAPE:
            shape = parse_shape(field.message())
        elif field.number == _TYPE:
            code = field.integer()
        elif field.number == _SLICE:
            slices.append(parse_extents(field.message()))
            budget.spend(EXTENTS, len(slices[-1]) or 1)
    if not name or not code or not slices:
        raise WireError("a variable without a name, a dtype or a slice", 0)
    return name, stored_type(code), shape, slices


def _text(data: memoryview) -> str:
    try:
        return bytes(data).decode()
    except UnicodeDecodeError as error:
        raise WireError(f"a name that is not UTF-8: {bytes(data[:80])!r}", 0) from error


def _check_keys(path: str, known: dict[bytes, int]) -> list[CheckpointError]:
    """Reads a file's blocks one by one, so that a damaged one doesn't hide the next."""
    found: list[CheckpointError] = []
    try:
        table = Table(path)
    except CheckpointError as error:
        return [error]
    limit = sum(known.values())
    for place, handle in enumerate(table.handles):
        try:
            records = table.block(place, limit=limit)
            strangers = [record.key for record in records if record.key not in known]
        except CheckpointError as error:
            found.append(error)
            continue
        if strangers:
            found.append(table.corrupt(f"unknown record {strangers[0][:80]!r}", handle.offset))
    return found
