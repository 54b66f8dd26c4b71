"""What a safetensors file says it holds: a length, that much JSON, and then the tensors' bytes.

It is held to what the format's own library asks for: names once, and bytes that belong to one
tensor each, without a gap, to the end of the file. There are no checksums.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from tf1compat.checkpoint.stored_types import StoredType, stored_type_of
from tf1compat.errors import BudgetError, CorruptCheckpointError, InLines, Problem
from tf1compat.files.json_text import parse_json
from tf1compat.files.regular import RegularFile, SeenFile, open_regular

__all__ = ["LONGEST", "METADATA", "TYPES", "Header", "StoredTensor", "once", "read_header"]

_LENGTH = 8  # bytes
LONGEST = 100_000_000  # bytes of a header, which the library takes at most
METADATA = "__metadata__"
_KEYS = {"dtype", "shape", "data_offsets"}
TYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
}
# Bits of an element of those that TensorFlow has no number for: they are listed, not read.
_OTHERS = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
}


class StoredTensor(NamedTuple):
    """A tensor of a file: its dtype and shape, and the bytes from `begin` up to `end`."""

    stored: StoredType
    shape: tuple[int, ...]
    begin: int
    end: int


class Header(NamedTuple):
    """What a file says it holds.

    Attributes:
      file: the file.
      start: where its header ends and the tensors begin.
      tensors: by their names.
      metadata: texts by keys, which its writer left.
    """

    file: SeenFile
    start: int
    tensors: Mapping[str, StoredTensor]
    metadata: Mapping[str, str]


def once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns an object of JSON whose keys are there once each; else ValueError."""
    found = dict(members)
    if len(found) != len(members):
        keys = [key for key, _ in members]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{twice[:200]!r} is there twice")
    return found


def read_header(path: str) -> Header:
    """Reads what a file says it holds, and none of its tensors.

    Raises:
      CorruptCheckpointError: it is no safetensors file, or contradicts itself.
      BudgetError: its header takes far more than its size warrants.
    """
    with open_regular(path) as file:
        held = _object(file)
        start = _LENGTH + int.from_bytes(file.read(0, _LENGTH), "little")
        metadata = held.pop(METADATA, {})
        if not _are_texts(metadata):
            raise file.corrupt("expected metadata that is texts by keys", _LENGTH)
        tensors: dict[str, StoredTensor] = {}
        problems = []
        for name, said in held.items():
            try:
                name.encode()  # half of a character that JSON can say is none
                tensors[name] = _tensor(said, start)
            except ValueError as error:
                problems.append(Problem(name[:200], "a tensor's place", str(error), path))
        if not problems:
            problems = [*_misplaced(tensors, start, file)]
        if problems:
            raise _damaged(path, problems)
        return Header(SeenFile(path, file.identity), start, tensors, metadata)


def _object(file: RegularFile) -> dict[str, Any]:
    """Returns the header's JSON."""
    if file.size < _LENGTH:
        raise file.short(0, _LENGTH)
    length = int.from_bytes(file.read(0, _LENGTH), "little")
    if length > min(LONGEST, file.size - _LENGTH):
        raise file.corrupt(
            f"expected a header within the file's {file.size} bytes and {LONGEST:,}, found one of "
            f"{length}: this is no safetensors file, or it is cut short",
            0,
        )
    data = bytes(file.read(_LENGTH, length))
    try:
        if not data.startswith(b"{"):
            raise ValueError("it doesn't begin with a brace")
        held: dict[str, Any] = parse_json(data, file=file.path, members=once)
        return held
    except BudgetError:
        raise
    except ValueError as error:
        raise file.corrupt(
            f"expected a header of JSON, found that {error}; fetch the file again", _LENGTH
        ) from error


def _tensor(said: Any, start: int) -> StoredTensor:
    """Returns what the header says of one tensor; ValueError where it can't be."""
    if not isinstance(said, dict) or said.keys() != _KEYS:
        raise ValueError(f"{str(said)[:200]}")
    dtype, shape, offsets = said["dtype"], said["shape"], said["data_offsets"]
    if not (_are_sizes(shape) and _are_sizes(offsets) and len(offsets) == 2):
        raise ValueError(f"shape {str(shape)[:200]} at {str(offsets)[:200]}")
    begin, end = offsets
    stored, bits = _type(dtype)
    size, rest = divmod(math.prod(shape) * bits, 8)
    if rest or end - begin != size:
        raise ValueError(f"{end - begin} bytes for {dtype} of shape {tuple(shape)}")
    return StoredTensor(stored, tuple(shape), start + begin, start + end)


def _type(dtype: Any) -> tuple[StoredType, int]:
    """Returns a dtype, and the bits of an element."""
    if isinstance(dtype, str) and dtype in TYPES:
        stored = stored_type_of(TYPES[dtype])
        return stored, 8 * stored.itemsize
    if isinstance(dtype, str) and dtype in _OTHERS:
        return StoredType(0, dtype, 0), _OTHERS[dtype]
    raise ValueError(f"the dtype {str(dtype)[:200]!r}, which the format doesn't have")


def _misplaced(tensors: Mapping[str, StoredTensor], start: int, file: RegularFile) -> list[Problem]:
    """Returns the tensors whose bytes overlap others or leave a gap, and what is left over."""
    found, reached = [], start
    for name, one in sorted(tensors.items(), key=lambda pair: (pair[1].begin, pair[1].end)):
        if one.begin != reached:
            where = f"byte {reached} of the file", f"byte {one.begin}"
            found.append(Problem(name[:200], *where, file.path))
        reached = max(reached, one.end)
    if not found and reached != file.size:
        remedy = "the file is cut short or something was appended: fetch it again"
        ends = f"{reached} bytes", f"{file.size}"
        found.append(Problem(file.path, *ends, remedy=remedy))
    return found


def _damaged(path: str, problems: list[Problem]) -> CorruptCheckpointError:
    head = f"{len(problems)} of the things that its header says can't be right"
    return CorruptCheckpointError(
        InLines.of([head, *(f"  {problem}" for problem in problems[:30])]),
        file=path,
        variable=problems[0].name if len(problems) == 1 and problems[0].origin else None,
        problems=problems,
    )


def _are_sizes(found: Any) -> bool:
    return isinstance(found, list) and all(type(one) is int and one >= 0 for one in found)


def _are_texts(found: Any) -> bool:
    return isinstance(found, dict) and all(isinstance(one, str) for one in found.values())
