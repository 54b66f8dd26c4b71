"""The comparison that all other tests rely on: what it lets pass, and what it says of the rest."""

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.testing import assert_arrays_close, assert_arrays_equal

NAN, INF = float("nan"), float("inf")
F32, F64 = np.float32, np.float64
BF16 = ml_dtypes.bfloat16
LOOSE = {"rtol": 1e9, "atol": 1e9, "of_largest": 1e9}


def loose(actual, expected):
    assert_arrays_close(actual, expected, **LOOSE)


EQUAL = {
    "nan": (np.array([NAN, 1], F32), np.array([NAN, 1], F32)),
    "infinities": (np.array([INF, -INF]), np.array([INF, -INF])),
    "signs of zero": (np.array([0.0, -0.0]), np.array([-0.0, 0.0])),
    "empty": (np.zeros((0, 3), F32), np.zeros((0, 3), F32)),
    "scalars": (F32(2), np.array(2, F32)),
    "python numbers": (F32(2), 2),
    "a list for any width": (np.array([1, 2], np.int8), [1, 2]),
    "whole numbers for floats": (np.array([1, 2], F32), [1, 2]),
    "bools": (np.array([True, False]), [True, False]),
    "large integers": (np.array([2**60 + 1]), np.array([2**60 + 1])),
    "unsigned": (np.array([2**64 - 1], np.uint64), np.array([2**64 - 1], np.uint64)),
    "complex": (np.array([1 + 2j, complex(NAN, 1)]), np.array([1 + 2j, complex(NAN, 1)])),
    "bfloat16": (np.array([1.5, NAN], BF16), np.array([1.5, NAN], BF16)),
    "bytes": (np.array([b"a", b"bc"], object), [b"a", b"bc"]),
    "bytes of two widths": (np.array([b"a"], "S1"), np.array([b"a"], "S9")),
    "text and bytes": (np.array(["\u00e9"]), np.array(["\u00e9".encode()], object)),
    "records": (np.zeros(2, [("q", "i1")]), np.zeros(2, [("q", "i1")])),
    "eager tensors": (tf.ones([2]), np.ones(2, F32)),
    "nested": ({"a": [F32(1), (np.ones(2),)]}, {"a": [F32(1), (np.ones(2),)]}),
}


@pytest.mark.parametrize("case", EQUAL)
@pytest.mark.parametrize("compare", [assert_arrays_equal, loose])
def test_equal_is_equal(compare, case):
    compare(*EQUAL[case])


# However large the tolerance: (found, expected, what is said).
DIFFERENT = {
    "nan found": (np.array([1, NAN], F32), np.array([1, 1], F32), r"at \(1,\) expected .*1"),
    "nan expected": (np.ones(2, F32), np.array([NAN, 1], F32), r"at \(0,\) expected .*nan"),
    "all nan": (np.full(3, NAN), np.zeros(3), "3 of 3 elements differ, by at most inf"),
    "scalar nan": (NAN, 1.0, r"at \(\) expected"),
    "infinity": (np.array([INF]), np.array([1.0]), "1 of 1 elements"),
    "infinity expected": (np.array([1.0]), np.array([INF]), "1 of 1 elements"),
    "sign of infinity": (np.array([INF]), np.array([-INF]), "found .*inf"),
    "infinity for nan": (np.array([INF]), np.array([NAN]), "1 of 1 elements"),
    "empty and scalar": (np.zeros(0), np.float64(0), r"expected shape \(\), found \(0,\)"),
    "empty and one": (np.zeros((0, 1)), np.zeros((1, 1)), r"shape \(1, 1\), found \(0, 1\)"),
    "two empty ones": (np.zeros((0, 2)), np.zeros((0, 3)), r"shape \(0, 3\), found \(0, 2\)"),
    "nothing is broadcast": (np.ones((1, 2)), np.ones(2), r"shape \(2,\), found \(1, 2\)"),
    "dtype": (np.ones(2, F32), np.ones(2), "expected dtype float64, found float32"),
    "dtype of an empty one": (np.zeros(0, F32), np.zeros(0), "dtype float64, found float32"),
    "dtype of a scalar": (F32(1), F64(1), "expected dtype float64, found float32"),
    "integers for floats": (np.ones(2, int), np.ones(2), "dtype float64, found int64"),
    "bool for integers": (np.array([True]), np.array([1]), "expected dtype int64, found bool"),
    "bool for a written one": (np.array([True]), [1], "expected dtype int64, found bool"),
    "integer for a written bool": (np.array([1]), [True], "expected dtype bool, found int64"),
    "bool": (np.array([True, False]), np.array([True, True]), r"1 of 2 .* at \(1,\)"),
    "float for complex": (np.ones(1), np.ones(1, complex), "expected dtype complex128"),
    "nan in the other part": (
        np.array([complex(NAN, 1)]),
        np.array([complex(1, NAN)]),
        "1 of 1 elements",
    ),
    "nan in one part": (np.array([complex(1, NAN)]), np.array([1 + 0j]), "1 of 1 elements"),
    "bfloat16 nan": (np.array([NAN], BF16), np.array([1], BF16), "1 of 1 elements"),
    "bfloat16 for float": (np.ones(1, BF16), np.ones(1, F32), "float32, found bfloat16"),
    "bytes": (np.array([b"a", b"b"], object), np.array([b"a", b"c"], object), r"at \(1,\)"),
    "closing zeros": (np.array([b"a\0"], object), np.array([b"a"], object), "1 of 1"),
    "none for bytes": (np.array([None], object), np.array([b""], object), "1 of 1"),
    "text for numbers": (np.array(["1"]), np.array([1]), "expected dtype int64"),
    "records": (np.ones(2, [("q", "i1")]), np.zeros(2, [("q", "i1")]), "2 of 2 elements"),
    "records for numbers": (np.ones(2, [("q", "i1")]), np.ones(2, "i1"), "expected dtype int8"),
    "a part missing": ([F32(1)], [F32(1), F32(2)], r"\[1\]: missing"),
    "a part too much": ({"a": 1, "b": 2}, {"a": 1}, r"\['b'\]: not expected"),
    "a dict": ({"a": 1}, [1], "expected list, found dict"),
    "parts of several shapes": (np.zeros(2), [np.zeros(2), np.zeros(3)], "expected list"),
}


@pytest.mark.parametrize("case", DIFFERENT)
@pytest.mark.parametrize("compare", [assert_arrays_equal, loose])
def test_different_is_said(compare, case):
    found, expected, words = DIFFERENT[case]
    with pytest.raises(AssertionError, match=words):
        compare(found, expected)


def test_integers_are_compared_exactly():
    with pytest.raises(AssertionError, match=r"1 of 1 elements differ, by at most 1 "):
        assert_arrays_equal(np.array([2**60 + 1]), np.array([2**60]))
    with pytest.raises(AssertionError, match="1 of 1 elements differ"):
        assert_arrays_close(np.array([2**60 + 1]), np.array([2**60]), atol=0.5)
    with pytest.raises(AssertionError, match="by at most 255"):
        assert_arrays_equal(np.array([0], np.uint8), np.array([255], np.uint8))
    assert_arrays_close(np.array([2**60 + 1]), np.array([2**60]), atol=1)


def test_low_precision_is_not_rounded_away():
    one, next_one = np.array([1], BF16), np.array([1 + 2**-7], BF16)
    assert_arrays_close(next_one, one, atol=2**-7)
    with pytest.raises(AssertionError, match=r"by at most 0\.00781"):
        assert_arrays_close(next_one, one, atol=2**-8)


@pytest.mark.parametrize(
    ("tolerance", "passes"),
    [
        ({"rtol": 0.1}, [True, False]),
        ({"atol": 0.1}, [False, True]),
        ({"of_largest": 0.01}, [True, True]),
        ({"of_largest": 0.009}, [False, False]),
    ],
)
def test_each_tolerance_means_what_it_says(tolerance, passes):
    expected = np.array([10.0, 0.0])
    changes = [np.array([0.1001, 0]), np.array([0, 0.0999])]
    if tolerance.get("of_largest"):
        changes = [np.array([0.0999, 0]), np.array([0, 0.0999])]
    for change, fine in zip(changes, passes, strict=True):
        if fine:
            assert_arrays_close(expected + change, expected, **tolerance)
        else:
            with pytest.raises(AssertionError, match="1 of 2 elements differ"):
                assert_arrays_close(expected + change, expected, **tolerance)


def test_the_largest_is_the_largest_finite_one():
    expected = np.array([INF, 1.0])
    with pytest.raises(AssertionError, match=r"at \(1,\)"):
        assert_arrays_close(np.array([INF, 1.2]), expected, of_largest=0.1)
    assert_arrays_close(np.array([INF, 1.05]), expected, of_largest=0.1)


def test_the_worst_element_is_named():
    found, expected = np.zeros((3, 4)), np.zeros((3, 4))
    found[1, 2], found[2, 0] = -5, 4
    with pytest.raises(AssertionError) as caught:
        assert_arrays_equal({"w": found, "fine": 1}, {"w": expected, "fine": 1}, "of the layer")
    assert str(caught.value).splitlines() == [
        "of the layer",
        "['w']: 2 of 12 elements differ, by at most 5 (largest expected value 0); "
        "at (1, 2) expected np.float64(0.0), found np.float64(-5.0)",
    ]
