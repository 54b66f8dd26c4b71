"""V2 checkpoints: an index table, and shards that hold the tensors' bytes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tf1compat.budget import Budget
from tf1compat.checkpoint.bundle._records import BundleRecord, parse_header, parse_record
from tf1compat.checkpoint.bundle.file_names import INDEX, data_files, data_path
from tf1compat.checkpoint.covering import uncovered
from tf1compat.checkpoint.entry import Part
from tf1compat.checkpoint.slices import Region, ordered_slice_key, placed
from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.checkpoint.table.reader import Table
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import CheckpointError, CorruptCheckpointError, InLines, Problem
from tf1compat.files.regular import RegularFile, open_regular, regular_size

if TYPE_CHECKING:
    from tf1compat.checkpoint.streams import Stream
from tf1compat.names.cut_parts import cut_part

__all__ = ["Bundle", "BundlePart"]


_PROBLEMS = 10_000


class BundlePart(NamedTuple):
    """A tensor, or one slice of one, in a shard that should end at `end`."""

    region: Region
    path: str
    record: BundleRecord
    end: int

    def stored_bytes(self) -> int:
        """Returns the bytes it takes in its shard."""
        return self.record.size

    def require(self, variable: str) -> None:
        """Raises CorruptCheckpointError where the shard has not the length it should have."""
        with self._opened(variable):
            pass

    @contextlib.contextmanager
    def stream(self, variable: str) -> Iterator[Stream]:
        """Opens it for reading; a string tensor is decoded at once."""
        from tf1compat.checkpoint.bundle._strings import read_strings
        from tf1compat.checkpoint.streams import ArrayStream, RawStream

        record = self.record
        with self._opened(variable) as file:
            if record.stored.is_string:
                count = math.prod(record.shape)
                yield ArrayStream(
                    read_strings(
                        file, offset=record.offset, size=record.size, count=count, crc=record.crc
                    )
                )
            else:
                dtype = record.stored.numpy()
                yield RawStream(file, offset=record.offset, dtype=dtype, crc=record.crc)

    @contextlib.contextmanager
    def _opened(self, variable: str) -> Iterator[RegularFile]:
        record = self.record
        with open_regular(self.path, variable=variable, offset=record.offset) as file:
            if file.size != self.end:
                self._require_fetched(variable)
            if record.offset + record.size > file.size:
                raise file.short(record.offset, record.size)
            if file.size > self.end:
                raise file.corrupt(
                    f"the index accounts for {self.end} bytes, the file has {file.size}: something "
                    f"was appended; restore the file, or cut it to {self.end} bytes",
                    self.end,
                )
            yield file

    def _require_fetched(self, variable: str) -> None:
        """Raises CorruptCheckpointError for what isn't the shard, but something in its place."""
        from tf1compat.checkpoint.foreign.recognition import stand_in

        found = stand_in(self.path)
        if found is not None:
            message = f"expected {self.end} bytes of values, found {found.what}; {found.remedy}"
            raise CorruptCheckpointError(message, file=self.path, variable=variable, offset=0)


class Bundle:
    """The index of a V2 checkpoint, read and checked in full; shards aren't touched.

    Values stay as the bytes the index holds, because most of a large one is never looked at.

    Attributes:
      path: of the index file.
      num_shards: how many data files there should be.
      ends: for each shard that holds a tensor, the offset after its last one.

    Raises:
      CorruptCheckpointError: naming every variable whose record can't be.
      UnsupportedCheckpointError: a big-endian file, or one for newer readers.
      BudgetError: it holds more than its size warrants.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.path = prefix + INDEX
        self.num_shards = 0
        self._values: dict[str, bytes] = {}
        self._slices: dict[bytes, bytes] = {}
        self._parsed: dict[bytes, BundleRecord] = {}
        table = Table(self.path)
        self._budget = Budget(self.path, table.size)
        self._load(table)
        self.ends = self._check()

    def names(self) -> tuple[str, ...]:
        """Returns the variables' names, in the index's order."""
        return tuple(self._values)

    def record(self, name: str) -> BundleRecord:
        """Returns a variable's record; KeyError where there is none."""
        return self._record(self._values[name])

    def _record(self, value: bytes) -> BundleRecord:
        """Parses each record once: a plan asks for them again and again."""
        record = self._parsed.get(value)
        if record is None:
            record = parse_record(value, num_shards=self.num_shards, budget=self._budget)
            self._parsed[value] = record
        return record

    def lookup(self, name: str) -> tuple[StoredType, tuple[int, ...], tuple[Part, ...]]:
        """Returns dtype, shape and stored pieces of a variable; KeyError where there is none."""
        whole = self.record(name)
        pieces, shape = self._pieces(name, whole), whole.shape
        if self._is_cut(name, pieces):  # it says the whole variable's shape, and has its part's
            shape = pieces[0][0].shape
            pieces = [(Region((0,) * len(shape), shape), pieces[0][1])]
        parts = tuple(
            BundlePart(region, self.shard_path(record.shard), record, self.ends[record.shard])
            for region, record in pieces
        )
        return whole.stored, shape, parts

    def files(self) -> tuple[str, ...]:
        """Returns the index's path, and that of each shard that holds a tensor."""
        return (self.path, *(self.shard_path(shard) for shard in sorted(self.ends)))

    def shard_path(self, shard: int) -> str:
        """Returns the path of one data file."""
        return data_path(self.prefix, shard=shard, num_shards=self.num_shards)

    def extents(self) -> list[tuple[int, int, int]]:
        """Returns (shard, offset, end) of every stored tensor or slice, sorted."""
        return sorted((one.shard, one.offset, one.offset + one.size) for one in self.stored())

    def stored(self) -> list[BundleRecord]:
        """Returns the record of every stored tensor or slice."""
        records = map(self._record, (*self._values.values(), *self._slices.values()))
        return [record for record in records if not record.slices]

    def table(self) -> dict[bytes, bytes]:
        """Returns what the index holds, but for its header."""
        return {name.encode(): value for name, value in self._values.items()} | self._slices

    def check(self) -> list[CheckpointError]:
        """Returns what of the data files belongs to no tensor, and which files shouldn't be."""
        found: list[CheckpointError] = []
        reached = dict.fromkeys(self.ends, 0)
        for shard, offset, end in self.extents():
            if offset > reached[shard]:
                gap = f"{offset - reached[shard]} bytes belong to no variable"
                path = self.shard_path(shard)
                found.append(CorruptCheckpointError(gap, file=path, offset=reached[shard]))
            reached[shard] = max(reached[shard], end)
        return found + self._check_files()

    def _check_files(self) -> list[CheckpointError]:
        """Returns what is wrong with files that no variable's value is read from."""
        found: list[CheckpointError] = []
        known = frozenset(self.files())
        for path in data_files(self.prefix):
            if path in known:
                continue
            try:
                size = regular_size(path)
                mine = path.endswith(f"-of-{self.num_shards:05d}")
                if size or not mine:
                    reason = f"{size} bytes that the index does not know of"
                    found.append(CorruptCheckpointError(reason, file=path, offset=0))
            except CheckpointError as error:
                found.append(error)
        return found

    def _load(self, table: Table) -> None:
        for place, (key, value) in enumerate(table.records()):
            if not place:
                self._header(key, value)
            # Keys of slices start with the 0 that `EncodeTensorNameSlice` puts before the name.
            elif key.startswith(b"\0"):
                self._slices[key] = bytes(value)
            else:
                self._values[self._name(key)] = bytes(value)
        if not self.num_shards:
            raise CorruptCheckpointError("the index is empty", file=self.path)

    def _header(self, key: bytes, value: memoryview) -> None:
        if key:
            raise CorruptCheckpointError("the index has no header", file=self.path, offset=0)
        try:
            self.num_shards = parse_header(value, path=self.path)
        except WireError as error:
            raise CorruptCheckpointError(
                f"the index's header: {error.message}", file=self.path, offset=0
            ) from error

    def _name(self, key: bytes) -> str:
        try:
            return key.decode()
        except UnicodeDecodeError as error:
            shown = key[:80]
            raise CorruptCheckpointError(
                f"a variable's name is not UTF-8: {shown!r}", file=self.path
            ) from error

    def _pieces(self, name: str, record: BundleRecord) -> list[tuple[Region, BundleRecord]]:
        """Returns where each piece of a variable belongs, with its record."""
        if not record.slices:
            return [(Region((0,) * len(record.shape), record.shape), record)]
        pieces = []
        for extents in record.slices:
            region = placed(extents, record.shape)
            value = self._slices.get(ordered_slice_key(name.encode(), extents))
            if value is None:
                raise WireError(f"the slice at {region.start} is missing", 0)
            piece = self._record(value)
            if piece.shape != region.shape or piece.stored != record.stored or piece.slices:
                raise WireError(f"the slice at {region.start} is not of the variable's kind", 0)
            pieces.append((region, piece))
        return pieces

    def _require_covered(self, name: str, record: BundleRecord) -> int:
        """Returns how many slices a variable has; raises WireError where they don't make it up."""
        pieces = self._pieces(name, record)
        wrong = uncovered([region for region, _ in pieces], record.shape)
        if wrong and not self._is_cut(name, pieces):
            raise WireError(wrong, 0)
        return len(pieces)

    def _is_cut(self, name: str, pieces: Sequence[tuple[Region, BundleRecord]]) -> bool:
        """Tells whether it is the slot of one part of a variable, as 1.15 saves it below a scope.

        Its slice is one of the variable's.
        """
        if len(pieces) != 1 or not self.record(name).slices:
            return False
        found = cut_part(name, self._values)
        if found is None:
            return False
        base = self.record(found.base)
        return base.shape == self.record(name).shape and any(
            placed(extents, base.shape) == pieces[0][0] for extents in base.slices
        )

    def _check(self) -> dict[int, int]:
        """Returns where each shard ends, after checking every record and all of them together."""
        problems, claimed = [], 0
        for name, value in self._values.items():
            try:
                record = self._record(value)
                claimed += self._require_covered(name, record) if record.slices else 0
            except WireError as error:
                problems.append(Problem(_short(name), "a sound record", error.message, self.path))
            if len(problems) == _PROBLEMS:  # a file that is none all through
                break
        if not problems and claimed != len(self._slices):
            problems.append(Problem("slices", str(claimed), f"{len(self._slices)}", self.path))
        if problems:
            raise self._corrupt(problems)
        return self._ends()

    def _ends(self) -> dict[int, int]:
        ends: dict[int, int] = {}
        for shard, offset, end in self.extents():
            before = ends.get(shard, 0)
            # A tensor without elements has no bytes, and the offset of the one behind it.
            if offset < before and end > offset:
                raise CorruptCheckpointError(
                    f"the index gives byte {offset} of shard {shard} to two tensors",
                    file=self.path,
                )
            ends[shard] = max(before, end)
        return ends

    def _corrupt(self, problems: list[Problem]) -> CorruptCheckpointError:
        head = f"{len(problems)} of its records can't be right"
        return CorruptCheckpointError(
            InLines.of([head, *(f"  {problem}" for problem in problems[:30])]),
            file=self.path,
            variable=problems[0].name if len(problems) == 1 else None,
            problems=problems,
        )


def _short(name: str) -> str:
    return name if len(name) <= 200 else name[:200] + "..."
