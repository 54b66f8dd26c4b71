"""Conversions of dtype against exact arithmetic: what passes as lossless is equal as a fraction."""

import fractions
import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from shares import WHOLE

from tf1compat.errors import UsageError
from tf1compat.graph.assign.fitting import MisfitError, check_casts, fit_value
from tf1compat.testing import assert_arrays_equal

BFLOAT16 = tf.bfloat16.as_numpy_dtype
NUMBERS = [
    np.dtype(kind)
    for kind in (
        *(np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32),
        *(np.int64, np.uint64, np.float16, BFLOAT16, np.float32, np.float64),
    )
]
EDGES = [
    *(0, 1, 2, 127, 128, 255, 256, 257, 2049, 65504, 65505, 2**16, 2**24 + 1, 2**31, 2**32),
    *(2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 0.5, 0.1, 1e-40, 3e38, 1e308),
]


def as_dtype(value, dtype):
    """Returns `value` as the nearest element of `dtype`, or None where it is out of range."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        whole = int(value)
        return np.array(whole, dtype) if info.min <= whole <= info.max else None
    with np.errstate(over="ignore"):
        return np.array(float(value)).astype(dtype) if dtype.kind != "b" else np.array(bool(value))


def exact(array):
    """The value as a fraction, or as text where it isn't finite."""
    if array.dtype.kind in "iub":
        return fractions.Fraction(int(array))
    number = float(array)
    return fractions.Fraction(number) if np.isfinite(number) else str(number)


def fitted(array, wanted, casts):
    try:
        return fit_value(array, shape=array.shape, dtype=tf.as_dtype(wanted), casts=casts)
    except MisfitError:
        return None


@pytest.mark.parametrize("wanted", NUMBERS, ids=str)
@pytest.mark.parametrize("given_dtype", NUMBERS, ids=str)
def test_lossless_and_widening_lose_nothing(given_dtype, wanted):
    signed = [*EDGES, *(-edge for edge in EDGES)]
    arrays = [array for edge in signed if (array := as_dtype(edge, given_dtype)) is not None]
    for array in arrays:
        lossless = fitted(array, wanted, "lossless")
        widened = fitted(array, wanted, "widening")
        for result in (lossless, widened):
            if result is not None:
                assert result.dtype == wanted
                assert exact(result) == exact(array), (array, result)
        if widened is not None:
            assert lossless is not None
        exactly = fitted(array, wanted, "exact")
        assert (exactly is not None) == (given_dtype == wanted)


@pytest.mark.parametrize(
    ("given_dtype", "wanted"),
    [
        (np.float16, np.float32),
        (BFLOAT16, np.float32),
        (np.int8, np.int64),
        (np.uint8, np.float16),
        (np.int32, np.float64),
    ],
)
def test_widening_takes_what_must_fit(given_dtype, wanted):
    assert fitted(np.ones([2], given_dtype), np.dtype(wanted), "widening") is not None


@settings(max_examples=200 if WHOLE else 80, deadline=None)
@given(st.integers(-(2**63), 2**64 - 1), st.sampled_from(list(itertools.product(NUMBERS, NUMBERS))))
def test_lossless_integers(value, dtypes):
    array = as_dtype(value, dtypes[0])
    if array is not None:
        result = fitted(array, dtypes[1], "lossless")
        assert result is None or exact(result) == exact(array)


def test_rounding_rounds_but_never_overflows_or_truncates():
    third = np.array([1 / 3])
    result = fitted(third, np.dtype(np.float32), "rounding")
    assert result == np.float32(1 / 3)
    assert fitted(np.array([1e39]), np.dtype(np.float32), "rounding") is None
    assert fitted(np.array([np.inf, np.nan]), np.dtype(np.float32), "rounding") is not None
    assert fitted(np.array([1.5]), np.dtype(np.int32), "rounding") is None
    assert fitted(np.array([1 + 0j]), np.dtype(np.float32), "rounding") is None
    assert fitted(np.array([300]), np.dtype(np.int8), "rounding") is None


def test_nan_and_infinity_survive_lossless():
    values = np.array([np.nan, np.inf, -np.inf, -0.0])
    result = fitted(values, np.dtype(np.float16), "lossless")
    assert [str(v) for v in result] == ["nan", "inf", "-inf", "-0.0"]
    assert fitted(values, np.dtype(np.int32), "lossless") is None


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (0.1, tf.float32),
        ([1, 2], tf.float32),
        ([1.0], tf.int32),
        (True, tf.bool),
        ("a", tf.string),
        (1j, tf.complex64),
    ],
)
def test_numbers_written_in_python(value, dtype):
    result = fit_value(value, shape=None, dtype=dtype, casts="exact")
    assert tf.as_dtype(result.dtype) == dtype or dtype == tf.string


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        ([1.5], tf.int32, "expected dtype int32, found dtype float64"),
        (300, tf.int8, "expected dtype int8, found dtype int64"),
        (1e39, tf.float32, "expected dtype float32, found dtype float64"),
        (2**24 + 1, tf.float32, "expected dtype float32, found dtype int64"),
        ("a", tf.float32, "expected dtype float32, found dtype str"),
        ([[1], [2, 3]], tf.int32, "expected an array, found list: .*inhomogeneous"),
        (None, tf.float32, "expected dtype float32, found dtype object"),
        ([None], tf.string, "expected strings, found NoneType among them"),
    ],
)
def test_what_does_not_fit_is_said(value, dtype, message):
    with pytest.raises(MisfitError, match=message):
        fit_value(value, shape=None, dtype=dtype, casts="exact")


def test_byte_order_layout_and_subclasses_do_not_matter():
    value = np.arange(6, dtype=">f4").reshape(2, 3)
    for array in (
        value,
        value.astype("<f4").T.copy().T,
        value[:, ::1].astype("f4").view(np.matrix),
    ):
        result = fit_value(array, shape=(2, 3), dtype=tf.float32, casts="exact")
        assert result.dtype == np.dtype("=f4")
        assert_arrays_equal(np.asarray(result), np.arange(6, dtype=np.float32).reshape(2, 3))


def test_quantized_values_come_as_their_integers():
    result = fit_value(np.array([1, -2], np.int8), shape=(2,), dtype=tf.qint8, casts="exact")
    assert result.dtype == np.dtype(tf.qint8.as_numpy_dtype)
    with pytest.raises(MisfitError, match="found dtype int32"):
        fit_value(np.array([1], np.int32), shape=(1,), dtype=tf.qint8, casts="rounding")


def test_strings():
    result = fit_value(np.array(["é", "b"]), shape=(2,), dtype=tf.string, casts="exact")
    assert result.tolist() == ["é".encode(), b"b"]
    with pytest.raises(MisfitError, match="int among them"):
        fit_value(np.array([b"a", 1], object), shape=(2,), dtype=tf.string, casts="exact")


def test_unknown_policy():
    with pytest.raises(UsageError, match="casts: expected one of exact, widening"):
        check_casts("safe")
