"""Comparing arrays, nested ones too, so that every difference is said at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["difference", "differences"]


def differences(actual: Any, expected: Any, *, rtol: float, atol: float) -> list[str]:
    """Returns a line for every array of `actual` that is unlike the one of `expected`.

    Both may be arrays, numbers, strings, or dicts, lists and tuples of such, to any depth. Shapes
    must be equal (nothing is broadcast) and so must the kinds of the dtypes (float, integer, bool,
    string), except that 1 may be written for 1.0. NaN equals NaN. With `rtol` and `atol` zero,
    numbers must be equal.
    """
    return [
        f"{path or 'value'}: {text}"
        for path, found, wanted in _pairs("", actual, expected)
        if (text := _unlike(found, wanted, rtol=rtol, atol=atol))
    ]


def difference(actual: np.ndarray, expected: np.ndarray, *, rtol: float, atol: float) -> str:
    """Returns how `actual` differs from `expected`, or ``''``; see :func:`differences`."""
    return _unlike(np.asarray(actual), np.asarray(expected), rtol=rtol, atol=atol)


class _Missing:
    """Stands for the element that one side lacks."""


def _pairs(path: str, actual: Any, expected: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        keys = [*expected, *(key for key in actual if key not in expected)]
        for key in keys:
            inner = f"{path}[{key!r}]"
            yield from _pairs(inner, actual.get(key, _Missing), expected.get(key, _Missing))
    elif _nested(expected) and _nested(actual):
        for at in range(max(len(expected), len(actual))):
            found = actual[at] if at < len(actual) else _Missing
            wanted = expected[at] if at < len(expected) else _Missing
            yield from _pairs(f"{path}[{at}]", found, wanted)
    else:
        yield path, actual, expected


def _nested(value: Any) -> bool:
    """Returns whether `value` is a list or tuple that is not simply an array written out."""
    if not isinstance(value, list | tuple):
        return False
    return any(isinstance(one, Mapping | np.ndarray) or _nested(one) for one in value)


def _unlike(actual: Any, expected: Any, *, rtol: float, atol: float) -> str:
    if actual is _Missing or expected is _Missing:
        return "missing" if actual is _Missing else "not expected"
    if isinstance(actual, Mapping) or isinstance(expected, Mapping):
        return f"expected {type(expected).__name__}, found {type(actual).__name__}"
    found, wanted = np.asarray(actual), np.asarray(expected)
    if found.shape != wanted.shape:
        return f"expected shape {wanted.shape}, found {found.shape}"
    numbers = {"integer", "float"} >= {_family(found), _family(wanted)}
    written = not (hasattr(actual, "dtype") and hasattr(expected, "dtype"))
    if _family(found) != _family(wanted) and not (numbers and written):
        return f"expected dtype {wanted.dtype}, found {found.dtype}"
    if _family(found) == "text":
        same = _as_bytes(found) == _as_bytes(wanted)
    elif rtol or atol:
        same = _close(found, wanted, rtol=rtol, atol=atol)
    else:
        same = (found == wanted) | ((found != found) & (wanted != wanted))
    return "" if np.all(same) else _describe(found, wanted, np.asarray(same))


def _close(found: np.ndarray, wanted: np.ndarray, *, rtol: float, atol: float) -> np.ndarray:
    wide = np.complex128 if _family(wanted) == "complex" else np.float64
    return np.isclose(found.astype(wide), wanted.astype(wide), rtol=rtol, atol=atol, equal_nan=True)


def _family(array: np.ndarray) -> str:
    kinds = {"b": "bool", "i": "integer", "u": "integer", "c": "complex"}
    if array.dtype.kind in "OSU":
        return "text"
    return kinds.get(array.dtype.kind, "float")


def _as_bytes(array: np.ndarray) -> np.ndarray:
    flat = [one.encode() if isinstance(one, str) else one for one in array.ravel().tolist()]
    encoded = np.empty(len(flat), object)
    encoded[:] = flat
    return encoded.reshape(array.shape)


def _describe(found: np.ndarray, wanted: np.ndarray, same: np.ndarray) -> str:
    """Returns how many elements differ, by how much, and where the worst (or first) one is."""
    text = f"{int(np.sum(~same)):,} of {found.size:,} elements differ"
    if _family(found) in ("text", "bool"):
        at = tuple(int(i) for i in np.argwhere(~same)[0])
    else:
        wide = np.complex128 if _family(found) == "complex" else np.float64
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.abs(found.astype(wide) - wanted.astype(wide))
        error = np.where(np.isnan(error), np.inf, error)
        error[same] = 0
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
        scale = np.max(np.abs(np.where(np.isfinite(wanted), wanted, 0)).astype(np.float64))
        text += f", by at most {error[at]:.3g} (largest expected value {scale:.3g})"
    return f"{text}; at {at} expected {wanted[at]!r}, found {found[at]!r}"
