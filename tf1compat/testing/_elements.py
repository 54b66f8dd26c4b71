"""Two arrays, element by element: how many differ, by how much, and where the worst is."""

from __future__ import annotations

import dataclasses

import numpy as np

__all__ = ["EXACT", "Tolerance", "differing_elements", "kind_of"]


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """How far elements may lie apart: ``atol + rtol * abs(expected) + of_largest * largest``.

    Attributes:
      rtol: a fraction of the expected element.
      atol: in the values' own unit.
      of_largest: a fraction of the largest finite expected element's size.
    """

    rtol: float = 0.0
    atol: float = 0.0
    of_largest: float = 0.0


EXACT = Tolerance()


def kind_of(array: np.ndarray) -> str:
    """Returns ``text``, ``bool``, ``integer``, ``float``, ``complex`` or ``record``."""
    if array.dtype.names is not None:
        return "record"
    kinds = {"b": "bool", "i": "integer", "u": "integer", "c": "complex"}
    return "text" if array.dtype.kind in "OSU" else kinds.get(array.dtype.kind, "float")


def differing_elements(found: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> str:
    """Returns what there is to say of the elements of arrays of one shape that differ, or ``''``.

    NaN equals NaN only, an infinity equals the one of its sign.
    """
    if kind_of(found) in ("text", "bool", "record") or kind_of(wanted) in ("text", "record"):
        same = np.asarray(_comparable(found) == _comparable(wanted))
        return "" if same.all() else _described(found, wanted, same=same, errors=None)
    one, other = _widened(found), _widened(wanted)
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.asarray(np.abs(one - other), np.float64)
        same = _equal(one, other) | _within(errors, other, tolerance)
    return "" if same.all() else _described(found, wanted, same=same, errors=errors)


def _comparable(array: np.ndarray) -> np.ndarray:
    """Returns text as bytes in an object array, as ``S`` arrays lose closing zeros."""
    if kind_of(array) != "text":
        return array
    encoded = np.empty(array.size, object)
    encoded[:] = [one.encode() if isinstance(one, str) else one for one in array.ravel().tolist()]
    return encoded.reshape(array.shape)


def _widened(array: np.ndarray) -> np.ndarray:
    """Returns numbers in which differences are exact enough: large integers stay integers."""
    kind = kind_of(array)
    if kind == "integer":
        exact_in_floats = np.all((array >= -(2**53)) & (array <= 2**53))
        return array.astype(np.float64 if exact_in_floats else object)
    return array.astype(np.complex128 if kind == "complex" else np.float64)


def _equal(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns where both are the same number, or NaN in the same parts."""
    if np.iscomplexobj(one) or np.iscomplexobj(other):
        return _equal(np.real(one), np.real(other)) & _equal(np.imag(one), np.imag(other))
    return np.asarray((one == other) | ((one != one) & (other != other)), bool)


def _within(errors: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    sizes = np.asarray(np.abs(wanted), np.float64)
    allowed = tolerance.atol + tolerance.rtol * sizes + tolerance.of_largest * _largest(sizes)
    return (errors <= allowed) & np.isfinite(errors)


def _largest(sizes: np.ndarray) -> float:
    return float(np.max(sizes, initial=0.0, where=np.isfinite(sizes)))


def _described(
    found: np.ndarray, wanted: np.ndarray, *, same: np.ndarray, errors: np.ndarray | None
) -> str:
    text = f"{int(np.sum(~same)):,} of {found.size:,} elements differ"
    if errors is None:
        at = tuple(int(i) for i in np.argwhere(~same)[0])
    else:
        worst = np.where(same, -1.0, np.where(np.isnan(errors), np.inf, errors))
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(worst)), worst.shape))
        scale = _largest(np.asarray(np.abs(_widened(wanted)), np.float64))
        text += f", by at most {worst[at]:.3g} (largest expected value {scale:.3g})"
    return f"{text}; at {at} expected {wanted[at]!r}, found {found[at]!r}"
