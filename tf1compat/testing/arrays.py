"""Comparing arrays, nested ones too, so that every difference is said at once."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import numpy as np

from tf1compat.testing._elements import EXACT, Tolerance, differing_elements, kind_of

if TYPE_CHECKING:  # arrays are compared without TensorFlow
    from tf1compat.graph.types import Nested

__all__ = ["assert_arrays_close", "assert_arrays_equal", "difference", "differences"]

SameDType: TypeAlias = "Callable[[Nested, Nested], bool]"


def assert_arrays_equal(actual: Nested, expected: Nested, message: str = "") -> None:
    """Asserts that arrays hold the same: shape, dtype and every element.

    Args:
      actual: an array, number or string, or dicts, lists and tuples of such, to any depth. Tensors
        of a graph need a session: see :class:`tf1compat.testing.GraphTestCase`.
      expected: the same, nested alike. Nothing is broadcast. What has no dtype of its own, such as
        a list of numbers, stands for any dtype of its kind, and 1 for 1.0. Text may be bytes or
        str. NaN equals NaN only, an infinity equals the one of its sign.
      message: the first line of the error.

    Raises:
      AssertionError: a line for every array that differs, with the worst element and its place.
    """
    _assert_none(differences(actual, expected, dtypes=same_dtype), message)


def assert_arrays_close(
    actual: Nested,
    expected: Nested,
    message: str = "",
    *,
    rtol: float = 0.0,
    atol: float = 0.0,
    of_largest: float = 0.0,
) -> None:
    """Asserts equal shapes and dtypes, and elements as near as the tolerances say.

    An element may differ by ``atol + rtol * abs(expected) + of_largest * largest``, where `largest`
    is the size of the largest finite expected element of its array. None of them excuses a NaN or
    an infinity.

    Args:
      actual: as :func:`assert_arrays_equal` takes it.
      expected: the same.
      message: the first line of the error.
      rtol: a fraction of the expected element.
      atol: in the values' own unit.
      of_largest: a fraction of the array's largest expected element.

    Raises:
      AssertionError: a line for every array that differs, with the worst element and its place.
    """
    tolerance = Tolerance(rtol, atol, of_largest)
    _assert_none(differences(actual, expected, tolerance, dtypes=same_dtype), message)


def same_kind(actual: Nested, expected: Nested) -> bool:
    """Tells whether both are floats, integers, text ...; 1 may be written for 1.0."""
    kinds = {kind_of(np.asarray(actual)), kind_of(np.asarray(expected))}
    written = not (hasattr(actual, "dtype") and hasattr(expected, "dtype"))
    return len(kinds) == 1 or (written and kinds == {"integer", "float"})


def same_dtype(actual: Nested, expected: Nested) -> bool:
    """Tells whether the dtypes are one, or kinds where a side has no dtype of its own."""
    if not same_kind(actual, expected):
        return False
    found, wanted = np.asarray(actual), np.asarray(expected)
    written = not (hasattr(actual, "dtype") and hasattr(expected, "dtype"))
    return written or found.dtype == wanted.dtype or kind_of(found) == "text"


def differences(
    actual: Nested,
    expected: Nested,
    tolerance: Tolerance = EXACT,
    *,
    dtypes: SameDType = same_kind,
) -> list[str]:
    """Returns a line for every array of `actual` that is unlike the one of `expected`.

    Both may be arrays, numbers, strings, or dicts, lists and tuples of such, to any depth. Shapes
    must be equal (nothing is broadcast); `dtypes` tells whether those of two arrays agree.
    """
    return [
        f"{path or 'value'}: {text}"
        for path, found, wanted in _pairs("", actual, expected)
        if (text := _unlike(found, wanted, tolerance, dtypes=dtypes))
    ]


def difference(actual: np.ndarray, expected: np.ndarray, tolerance: Tolerance = EXACT) -> str:
    """Returns how `actual` differs from `expected`, or ``''``; see :func:`differences`."""
    return _unlike(np.asarray(actual), np.asarray(expected), tolerance, dtypes=same_kind)


class _Missing(enum.Enum):
    """Stands for the element that one side lacks."""

    HERE = enum.auto()


_MISSING = _Missing.HERE
_Found: TypeAlias = "Nested | _Missing"


def _assert_none(lines: list[str], message: str) -> None:
    if lines:
        raise AssertionError("\n".join([message, *lines] if message else lines))


def _pairs(path: str, actual: _Found, expected: _Found) -> Iterator[tuple[str, _Found, _Found]]:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        keys = [*expected, *(key for key in actual if key not in expected)]
        for key in keys:
            inner = f"{path}[{key!r}]"
            yield from _pairs(inner, actual.get(key, _MISSING), expected.get(key, _MISSING))
    elif _nested(expected) and _nested(actual):
        for at in range(max(len(expected), len(actual))):
            found = actual[at] if at < len(actual) else _MISSING
            wanted = expected[at] if at < len(expected) else _MISSING
            yield from _pairs(f"{path}[{at}]", found, wanted)
    else:
        yield path, actual, expected


def _nested(value: _Found) -> TypeGuard[Sequence[Nested]]:
    """Returns whether `value` is a list or tuple that is not simply an array written out."""
    if not isinstance(value, list | tuple):
        return False
    return any(isinstance(one, Mapping) or hasattr(one, "dtype") or _nested(one) for one in value)


def _unlike(actual: _Found, expected: _Found, tolerance: Tolerance, *, dtypes: SameDType) -> str:
    if actual is _MISSING or expected is _MISSING:
        return "missing" if actual is _MISSING else "not expected"
    if isinstance(actual, Mapping) or isinstance(expected, Mapping):
        return f"expected {type(expected).__name__}, found {type(actual).__name__}"
    try:
        found, wanted = np.asarray(actual), np.asarray(expected)
    except ValueError:  # parts of several shapes
        return f"expected {type(expected).__name__}, found {type(actual).__name__}"
    if found.shape != wanted.shape:
        return f"expected shape {wanted.shape}, found {found.shape}"
    if not dtypes(actual, expected):
        return f"expected dtype {wanted.dtype}, found {found.dtype}"
    return differing_elements(found, wanted, tolerance)
