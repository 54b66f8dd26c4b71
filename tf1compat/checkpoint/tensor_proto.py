"""Values of tensors in TensorProtos: as V1 checkpoints have them, and as graphs do."""

from __future__ import annotations

from typing import cast

import numpy as np

from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.checkpoint.wire import FIXED32, FIXED64, VARINT, Field, WireError, fields, varint

__all__ = ["decode_constant", "decode_tensor"]

_WINDOW = 1 << 20
_CONTENT, _STRINGS = 4, 8
# tensor.proto: which field holds the values of a dtype, and how: as they are in memory, or as
# variable-length integers.
_FIXED = {"float32": 5, "float64": 6, "complex64": 9, "complex128": 12}
_VARINT = {
    "int64": 10,
    "bool": 11,
    "float16": 13,
    "bfloat16": 13,
    "uint32": 16,
    "uint64": 17,
}
_INTEGERS = 7  # of all the others


def decode_tensor(data: memoryview, *, stored: StoredType, count: int) -> np.ndarray:
    """Returns the `count` elements of a TensorProto, a flat array.

    Raises:
      WireError: it holds another number of elements, or values that its dtype doesn't have.
      UnsupportedCheckpointError: the dtype can't be read.
    """
    dtype = stored.numpy()
    if stored.is_string:
        return _strings(data, count)
    number = _field_of(stored)
    packed = _packed(data, number)
    if stored.name in _FIXED:
        if len(packed) != count * dtype.itemsize:
            raise WireError(f"{len(packed)} bytes for {count} elements of {stored.name}", 0)
        return _aligned(packed, dtype)
    if dtype.itemsize == 2 and number == 13:
        return _varints(packed, np.dtype(np.uint16), count=count).view(dtype)
    return _varints(packed, dtype, count=count)


def decode_constant(data: memoryview, *, stored: StoredType, count: int) -> np.ndarray:
    """Returns the `count` elements of a constant's TensorProto, a flat array of its own.

    Elements stand in one piece, or as a list, of which the last is repeated where it is too short;
    an empty one is of zeros. In 1.15 that is what `make_tensor_proto` and `MakeNdarray` do.

    Raises:
      WireError: there are more than `count`, or values that its dtype doesn't have.
      UnsupportedCheckpointError: the dtype can't be read.
    """
    dtype = stored.numpy()
    number = _field_of(stored)
    for field in fields(data):
        if field.number not in (1, 2, 3, _CONTENT, number):
            raise WireError(f"values in field {field.number}, expected field {number}", 0)
    pieces = [field.message() for field in fields(data) if field.number == _CONTENT]
    content = bytes(pieces[-1]) if pieces else b""  # of a field that is there once, the last
    if content:
        if stored.is_string or len(content) != count * dtype.itemsize:
            raise WireError(f"{len(content)} bytes for {count} elements of {stored.name}", 0)
        return _sound_bools(np.frombuffer(content, dtype).copy())
    if stored.is_string:
        held = [bytes(field.message()) for field in fields(data) if field.number == _STRINGS]
        found = np.empty(len(held), object)
        found[:] = held
    else:
        found = _listed(data, stored, dtype)
    if found.size > count:
        raise WireError(f"{found.size} elements, expected {count} at most", 0)
    out = np.empty(count, dtype)
    out[: found.size] = found
    out[found.size :] = found[-1] if found.size else (b"" if stored.is_string else 0)
    return out


def _field_of(stored: StoredType) -> int:
    """Returns the number of the field that lists the elements of a dtype."""
    if stored.is_string:
        return _STRINGS
    return _FIXED.get(stored.name) or _VARINT.get(stored.name, _INTEGERS)


def _sound_bools(flat: np.ndarray) -> np.ndarray:
    if flat.dtype.kind == "b" and flat.size and flat.view(np.uint8).max() > 1:
        raise WireError("a bool that is neither 0 nor 1", 0)
    return flat


def _listed(data: memoryview, stored: StoredType, dtype: np.dtype) -> np.ndarray:
    """Returns the elements that are listed, packed or one by one."""
    number = _field_of(stored)
    lists = [field for field in fields(data) if field.number == number]
    if stored.name in _FIXED:
        raw = b"".join(bytes(field.data) for field in lists)
        if len(raw) % dtype.itemsize or any(field.kind == VARINT for field in lists):
            raise WireError(f"{len(raw)} bytes of {stored.name}", 0)
        return np.frombuffer(raw, dtype)
    packed = b"".join(map(_varint_bytes, lists))
    ends = sum(byte < 0x80 for byte in packed)
    bits = np.dtype(np.uint16) if number == 13 else dtype
    return _varints(memoryview(packed), bits, count=ends).view(dtype)


def _varint_bytes(field: Field) -> bytes:
    if field.kind in (FIXED32, FIXED64):
        raise WireError(f"field {field.number} is not an integer", field.offset)
    return varint(field.value) if field.kind == VARINT else bytes(field.data)


def _aligned(data: memoryview, dtype: np.dtype) -> np.ndarray:
    """Returns the elements in the memory they are in, moved down to where such elements may lie.

    A copy would take the memory of a second tensor.
    """
    flat = np.frombuffer(data, np.uint8)
    off = flat.ctypes.data % dtype.alignment if flat.size else 0
    if not off:
        return flat.view(dtype)
    base = np.frombuffer(cast(bytearray, data.obj), np.uint8)
    start = flat.ctypes.data - base.ctypes.data - off  # not below 0: a name and tags come first
    for done in range(0, flat.size, _WINDOW):
        base[start + done : start + min(done + _WINDOW, flat.size)] = flat[done : done + _WINDOW]
    return base[start : start + flat.size].view(dtype)


def _packed(data: memoryview, number: int) -> memoryview:
    """Returns the bytes of the one field that may hold values; others are refused."""
    found = memoryview(b"")
    seen = False
    for field in fields(data):
        if field.number != number or seen:
            if field.number in (1, 2, 3):
                continue
            raise WireError(f"values in field {field.number}, expected one field {number}", 0)
        found, seen = field.message(), True
    return found


def _strings(data: memoryview, count: int) -> np.ndarray:
    values = [bytes(field.message()) for field in fields(data) if field.number == _STRINGS]
    if len(values) != count:
        raise WireError(f"{len(values)} strings, expected {count}", 0)
    out = np.empty(count, object)
    out[:] = values
    return out


def _varints(data: memoryview, dtype: np.dtype, *, count: int) -> np.ndarray:
    """Returns `count` variable-length integers, decoded a window at a time."""
    raw = np.frombuffer(data, np.uint8)
    out = np.empty(count, dtype)
    done = position = 0
    while position < raw.size:
        window = raw[position : position + _WINDOW]
        ends = np.flatnonzero(window < 0x80)
        if not ends.size or done + ends.size > count:
            raise WireError(f"not {count} integers", position)
        out[done : done + ends.size] = _exact(_decoded(window, ends), dtype)
        done += ends.size
        position += int(ends[-1]) + 1
    if done != count:
        raise WireError(f"{done} integers, expected {count}", 0)
    return out


def _decoded(window: np.ndarray, ends: np.ndarray) -> np.ndarray:
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    longest = lengths.max()
    if longest > 10 or (longest == 10 and window[ends[lengths == 10]].max() > 1):
        raise WireError("a variable-length number is too long", 0)
    digits = window[: ends[-1] + 1]
    shifts = (np.arange(digits.size) - np.repeat(starts, lengths)).astype(np.uint64) * np.uint64(7)
    parts = (digits & np.uint8(0x7F)).astype(np.uint64) << shifts
    return np.bitwise_or.reduceat(parts, starts)


def _exact(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Returns the 64-bit values as `dtype`, which must hold each of them."""
    signed = values.view(np.int64) if dtype.kind == "i" else values
    out = signed.astype(dtype)
    if not np.array_equal(out.astype(signed.dtype), signed):
        raise WireError(f"values that {dtype} does not have", 0)
    return out
