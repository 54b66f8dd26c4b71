"""Checking values before they are written: shape, dtype, and no precision lost unasked."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from tf1compat.errors import UsageError

__all__ = ["CASTS", "CastPolicy", "MisfitError", "check_casts", "fit_value", "shape_fits"]

CastPolicy = Literal["exact", "widening", "lossless", "rounding"]
"""Which conversions of dtype an assign may make.

``'exact'``: none. ``'widening'``: to a dtype that holds every value of the old one (float16 to
float32). ``'lossless'``: any that leaves these very values as they are (5.0 to 5).
``'rounding'``: also numbers to the nearest float of less precision, but not to infinity.
"""

CASTS: tuple[CastPolicy, ...] = ("exact", "widening", "lossless", "rounding")

# A session takes a suitably aligned array as it is, without a copy, and a resource variable then
# keeps it: writing to the array afterwards would change the variable. Elsewhere than on x86-64
# TensorFlow is content with less alignment.
_TAKEN_AS_IT_IS = 32 if platform.machine() in ("x86_64", "AMD64") else 8


class MisfitError(Exception):
    """Why a value can't be written: what was expected, what was found, what to do about it."""

    def __init__(self, expected: str, found: str, remedy: str = "") -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found
        self.remedy = remedy


def check_casts(casts: str) -> None:
    """Raises UsageError unless `casts` is a :data:`CastPolicy`."""
    if casts not in CASTS:
        raise UsageError(f"casts: expected one of {', '.join(CASTS)}; found {casts!r}")


def fit_value(
    value: Any, *, shape: Sequence[int | None] | None, dtype: tf.DType, casts: CastPolicy
) -> np.ndarray:
    """Returns `value` as an array of `dtype` that nobody else will write to.

    Raises:
      MisfitError: it has another shape, or a dtype from which `casts` allows no conversion.
    """
    wanted = np.dtype(dtype.as_numpy_dtype)
    if type(value) is np.ndarray and value.dtype == wanted and wanted.kind not in "OV":
        _require_shape(value.shape, shape)
        return _unshared(value)
    array, is_typed = _as_array(value)
    _require_shape(array.shape, shape)
    if dtype == tf.string:
        return _as_strings(array)
    return _converted(array, wanted, casts=casts, is_typed=is_typed)


def _as_array(value: Any) -> tuple[np.ndarray, bool]:
    """Returns `value` as an array, and whether it has a dtype of its own (a list has none)."""
    if isinstance(value, tf.Tensor | tf.Variable) and not hasattr(value, "numpy"):
        raise MisfitError(
            "an array", f"{value.name}, which is part of a graph", "evaluate it first"
        )
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, NotImplementedError, OverflowError) as error:
        kind = type(value).__name__
        raise MisfitError(
            "an array", f"{kind}: {str(error)[:100]}", "give a numpy array"
        ) from error
    return array, hasattr(value, "dtype")


def shape_fits(found: Sequence[int], wanted: Sequence[int | None] | None) -> bool:
    """Returns whether `found` is a case of the static shape `wanted`."""
    return wanted is None or (
        len(found) == len(wanted)
        and all(w is None or f == w for f, w in zip(found, wanted, strict=True))
    )


def _require_shape(found: tuple[int, ...], wanted: Sequence[int | None] | None) -> None:
    if found != wanted and not shape_fits(found, wanted):
        expected = str(tuple(wanted or ())).replace("None", "?")
        raise MisfitError(f"shape {expected}", f"shape {found}", "nothing is broadcast or reshaped")


def _unshared(value: np.ndarray) -> np.ndarray:
    address = value.__array_interface__["data"][0]
    return value if address % _TAKEN_AS_IT_IS else value.copy()


def _as_strings(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "OSU":
        raise MisfitError("strings", f"dtype {array.dtype.name}", "give bytes or str")
    flat = [one.encode() if isinstance(one, str) else one for one in array.ravel().tolist()]
    strange = [type(one).__name__ for one in flat if not isinstance(one, bytes)]
    if strange:
        raise MisfitError("strings", f"{strange[0]} among them", "give bytes or str")
    result = np.empty(len(flat), object)
    result[:] = flat
    return result.reshape(array.shape)


def _converted(
    array: np.ndarray, wanted: np.dtype, *, casts: CastPolicy, is_typed: bool
) -> np.ndarray:
    if wanted.fields and len(wanted.fields) == 1:  # a quantized integer
        return _as_quantized(array, wanted)
    if array.dtype == wanted:
        return array.copy()
    if array.dtype.kind in "OSUV" and not _is_extended(array.dtype):
        raise MisfitError(f"dtype {wanted.name}", f"dtype {array.dtype.name}", "give numbers")
    if array.dtype.newbyteorder("=") == wanted:  # the order of bytes is no difference of value
        return array.astype(wanted)
    policy = casts if is_typed or casts == "rounding" else _policy_for_written(array, wanted)
    if not _ALLOWED[policy](array, wanted):
        raise MisfitError(
            f"dtype {wanted.name}", f"dtype {array.dtype.name}", _remedy(array, wanted, casts)
        )
    with np.errstate(all="ignore"):
        return array.astype(wanted)


def _policy_for_written(array: np.ndarray, wanted: np.dtype) -> CastPolicy:
    """Returns the policy for numbers written in Python: 0.1 may be rounded, 1.5 is no integer."""
    is_float = array.dtype.kind in "fc" and _family(wanted) in ("float", "complex")
    return "rounding" if is_float else "lossless"


def _as_quantized(array: np.ndarray, wanted: np.dtype) -> np.ndarray:
    """Returns integers (as checkpoints give them) as the quantized dtype over the same bits."""
    if array.dtype == wanted:
        return array.copy()
    base = wanted[0]
    if array.dtype != base:
        raise MisfitError(f"dtype {wanted.names} over {base.name}", f"dtype {array.dtype.name}")
    return np.ascontiguousarray(array).view(wanted).reshape(array.shape).copy()


def _widening(array: np.ndarray, wanted: np.dtype) -> bool:
    # numpy calls 64-bit integers to float64 safe, which has 53 bits for them.
    is_long = _family(array.dtype) == "integer" and array.dtype.itemsize == 8
    if is_long and _family(wanted) in ("float", "complex"):
        return False
    return np.can_cast(array.dtype, wanted, casting="safe")


def _lossless(array: np.ndarray, wanted: np.dtype) -> bool:
    if _widening(array, wanted):
        return True
    if _family(array.dtype) == "complex" and _family(wanted) != "complex":
        return False
    with np.errstate(all="ignore"):
        there = array.astype(wanted)
        back = there.astype(array.dtype)
    same = (back == array) | ((back != back) & (array != array))
    return bool(np.all(same)) and not _wrapped(array, there)


def _wrapped(array: np.ndarray, there: np.ndarray) -> bool:
    """Returns whether a conversion to or from integers went out of range unseen."""
    families = {_family(array.dtype), _family(there.dtype)}
    if "integer" not in families or array.size == 0:
        return False
    if families == {"integer"}:
        return bool(np.any((array < 0) != (there < 0)))
    integers, floats = (there, array) if _family(there.dtype) == "integer" else (array, there)
    # C leaves open what a float beyond the integers becomes; numpy takes whatever that is.
    limit = float(2 ** (8 * integers.dtype.itemsize - (integers.dtype.kind == "i")))
    return bool(np.any(np.abs(floats.astype(np.float64)) >= limit))


def _rounding(array: np.ndarray, wanted: np.dtype) -> bool:
    families = _family(array.dtype), _family(wanted)
    if families[1] not in ("float", "complex") or families == ("complex", "float"):
        return _lossless(array, wanted)
    with np.errstate(all="ignore"):
        there = array.astype(wanted)
    return bool(np.all(np.isfinite(there) | ~np.isfinite(array)))


_ALLOWED: dict[str, Callable[[np.ndarray, np.dtype], bool]] = {
    "exact": lambda array, wanted: False,
    "widening": _widening,
    "lossless": _lossless,
    "rounding": _rounding,
}


def _remedy(array: np.ndarray, wanted: np.dtype, casts: CastPolicy) -> str:
    """Returns the gentlest policy that would let the value pass, or the advice to convert it."""
    for policy in CASTS[CASTS.index(casts) + 1 :]:
        if _ALLOWED[policy](array, wanted):
            return f"convert it with .astype({wanted.name!r}), or build with casts={policy!r}"
    return f"no value-preserving conversion to {wanted.name} exists for it"


def _family(dtype: np.dtype) -> str:
    families = {"b": "bool", "i": "integer", "u": "integer", "c": "complex"}
    return families.get(dtype.kind, "float")


def _is_extended(dtype: np.dtype) -> bool:
    """Returns whether `dtype` is bfloat16 or another number that numpy counts among void."""
    return dtype.kind == "V" and not dtype.fields and dtype.type is not np.void
